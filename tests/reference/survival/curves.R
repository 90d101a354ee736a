# Curves, medians, log-rank tests and differences up to a horizon, on both clocks.
#
# Run in this folder: Rscript curves.R
# survival: survfit (Greenwood; with cluster the infinitesimal jackknife, without the
# factor G / (G - 1)), quantile (median), survdiff, and the robust score test of coxph
# with Breslow's ties. The log-rank test with entry is a loop over weeks with the
# hypergeometric variance, which survdiff has without entry only. Restricted means:
# survfit's own, and once more by the definition.

suppressMessages(library(survival))

write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}

# Invented people, some of whom recur, within a group and in both.
set.seed(1926)
n <- 420
people <- data.frame(person = sprintf("p%03d", sample(240, n, replace = TRUE)))
people$pilot <- rbinom(n, 1, 0.35)
people$month <- sprintf("2021-%02d", sample(3, n, replace = TRUE))
people$weeks_before <- sample(0:9, n, replace = TRUE)
pace <- exp(rnorm(240, 0, 0.5))[as.integer(substr(people$person, 2, 4))]
weeks <- ceiling(rexp(n, 0.06 * pace * (1 + 0.4 * people$pilot)))
until <- sample(10:45, n, replace = TRUE)
people$weeks <- pmin(weeks, until)
people$exited <- as.integer(weeks <= until)
write.csv(people, "curves_people.csv", row.names = FALSE, quote = FALSE)

on <- list(
  entry = transform(people, from = 0, to = weeks),
  registration = transform(people, from = weeks_before, to = weeks_before + weeks)
)

curve <- function(data) {
  survfit(Surv(from, to, exited) ~ 1, data, conf.type = "log-log")
}
jackknifed <- function(data, by) {
  data$by <- data[[by]]
  survfit(Surv(from, to, exited) ~ 1, data, cluster = by, robust = TRUE, influence = 1)
}
groups <- c(pilot = 1, control = 0)
curves <- medians <- means <- NULL
for (clock in names(on)) for (group in names(groups)) {
  data <- on[[clock]][on[[clock]]$pilot == groups[group], ]
  fit <- curve(data)
  jackknife <- jackknifed(data, "person")
  stopifnot(fit$logse, !jackknife$logse)  # the robust error is of survival itself
  curves <- rbind(curves, data.frame(
    clock = clock, group = group, weeks = as.integer(fit$time),
    at_risk = as.integer(fit$n.risk), events = as.integer(fit$n.event),
    survival = fit$surv, se = fit$std.err * fit$surv, ci_low = fit$lower,
    ci_high = fit$upper, jackknife_se = jackknife$std.err
  ))
  median <- quantile(fit, 0.5)
  medians <- rbind(medians, data.frame(
    clock = clock, group = group, median = as.numeric(median$quantile),
    ci_low = as.numeric(median$lower), ci_high = as.numeric(median$upper)
  ))
  for (horizon in c(13, 26)) {
    table <- summary(fit, rmean = horizon)$table
    means <- rbind(means, data.frame(
      clock = clock, group = group, horizon = as.integer(horizon),
      mean = table[["rmean"]], se = table[["se(rmean)"]]
    ))
  }
}
write_reference(curves, "curves.csv")
write_reference(medians, "curves_medians.csv")

# The restricted mean once more, by the definition and by Irwin's variance.
by_definition <- function(data, horizon) {
  s <- 1
  n <- d <- survival <- numeric(horizon)
  for (t in seq_len(horizon)) {
    n[t] <- sum(data$from < t & t <= data$to)
    d[t] <- sum(data$to == t & data$exited == 1)
    survival[t] <- s
    if (n[t] > 0) s <- s * (1 - d[t] / n[t])
  }
  beyond <- rev(cumsum(rev(survival))) - survival
  c(sum(survival), sqrt(sum(beyond^2 * ifelse(d > 0, d / (n * (n - d)), 0))))
}
for (row in seq_len(nrow(means))) {
  data <- on[[means$clock[row]]]
  data <- data[data$pilot == groups[means$group[row]], ]
  own <- by_definition(data, means$horizon[row])
  stopifnot(abs(own - c(means$mean[row], means$se[row])) < 1e-10)
}
write_reference(means, "curves_means.csv")

# Differences: rows alone; and summed within people, by survfit's influences.
summed <- function(influence, person) {
  sums <- rowsum(influence, person)
  sqrt(nrow(sums) / (nrow(sums) - 1) * sum(sums^2))
}
influences <- function(data, horizon, what) {
  result <- numeric(nrow(data))
  for (group in 0:1) {
    mine <- data$pilot == group
    part <- data[mine, ]
    part$row <- seq_len(nrow(part))
    fit <- jackknifed(part, "row")
    steps <- fit$influence.surv
    at <- findInterval(seq_len(horizon) - 1, fit$time)
    if (what == "kaplan-meier") at <- findInterval(horizon, fit$time)
    own <- cbind(0, steps)[, at + 1, drop = FALSE]
    result[mine] <- (2 * group - 1) * rowSums(own)
  }
  result
}
value <- function(data, horizon, what) {
  fit <- curve(data)
  if (what == "kaplan-meier") return(summary(fit, horizon)$surv)
  summary(fit, rmean = horizon)$table[["rmean"]]
}
alone <- function(data, horizon, what) {
  fit <- curve(data)
  if (what == "kaplan-meier") return(summary(fit, horizon)$std.err)
  summary(fit, rmean = horizon)$table[["se(rmean)"]]
}
difference <- function(data, horizon, what) {
  one <- data$pilot == 1
  data.frame(
    estimate = value(data[one, ], horizon, what) - value(data[!one, ], horizon, what),
    se = sqrt(alone(data[one, ], horizon, what)^2 + alone(data[!one, ], horizon, what)^2),
    clustered_se = summed(influences(data, horizon, what), data$person)
  )
}
stratified <- function(data, horizon, what) {
  parts <- split(seq_len(nrow(data)), data$month)
  n1 <- sapply(parts, function(rows) sum(data$pilot[rows]))
  n0 <- sapply(parts, length) - n1
  share <- n1 * n0 / (n1 + n0)
  share <- share / sum(share)
  found <- lapply(parts, function(rows) difference(data[rows, ], horizon, what))
  influence <- numeric(nrow(data))
  for (month in names(parts)) {
    influence[parts[[month]]] <-
      share[[month]] * influences(data[parts[[month]], ], horizon, what)
  }
  data.frame(
    estimate = sum(share * sapply(found, `[[`, "estimate")),
    se = sqrt(sum(share^2 * sapply(found, `[[`, "se")^2)),
    clustered_se = summed(influence, data$person)
  )
}
differences <- NULL
for (clock in names(on)) for (what in c("rmst", "kaplan-meier")) {
  for (horizon in c(13, 26)) {
    about <- data.frame(clock = clock, method = what, horizon = as.integer(horizon))
    differences <- rbind(
      differences, cbind(about, strata = "", difference(on[[clock]], horizon, what))
    )
    # By month too few are at risk in the first weeks since registration.
    if (clock == "entry") differences <- rbind(
      differences, cbind(about, strata = "month", stratified(on[[clock]], horizon, what))
    )
  }
}
write_reference(differences, "curves_differences.csv")

# Log-rank.
loop <- function(data, strata) {
  u <- v <- 0
  for (rows in split(data, strata)) for (t in unique(rows$to[rows$exited == 1])) {
    at_risk <- rows$from < t & t <= rows$to
    leaves <- rows$to == t & rows$exited == 1
    n <- sum(at_risk)
    n1 <- sum(at_risk & rows$pilot == 1)
    d <- sum(leaves)
    u <- u + sum(leaves & rows$pilot == 1) - d * n1 / n
    if (n > 1) v <- v + d * (n - d) * n1 * (n - n1) / (n^2 * (n - 1))
  }
  u^2 / v
}
tests <- NULL
for (clock in names(on)) for (by in c("", "month")) {
  data <- on[[clock]]
  data$stratum <- if (by == "") "all" else data[[by]]
  statistic <- loop(data, data$stratum)
  if (clock == "entry") {
    theirs <- if (by == "") {
      survdiff(Surv(to, exited) ~ pilot, data)
    } else {
      survdiff(Surv(to, exited) ~ pilot + strata(stratum), data)
    }
    stopifnot(abs(theirs$chisq - statistic) < 1e-9)
  }
  robust <- coxph(
    Surv(from, to, exited) ~ pilot + strata(stratum), data, cluster = person,
    ties = "breslow"
  )$rscore
  tests <- rbind(tests, data.frame(
    clock = clock, strata = by, statistic = statistic,
    p_value = pchisq(statistic, 1, lower.tail = FALSE), robust = as.numeric(robust)
  ))
}
write_reference(tests, "curves_log_rank.csv")
writeLines(capture.output(sessionInfo()), "curves_session.txt")
