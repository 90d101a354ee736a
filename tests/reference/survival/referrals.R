# Controls who join the pilot later: kept, or censored with inverse-probability weights.
#
# Run in this folder: Rscript referrals.R
# The chance of a referral: glm on one row for each control and week. The curve: survfit
# on one row for each control and week, weighted. Standard errors: each person's case
# weight moved a little, everything estimated again, and the derivatives squared and
# summed (G / (G - 1) for G people). No formula is shared with the package.

suppressMessages(library(survival))

set.seed(806)
n <- 260
people <- data.frame(person = sprintf("p%03d", sample(180, n, replace = TRUE)))
people$pilot <- rbinom(n, 1, 0.35)
people$month <- sample(c("2021-01", "2021-02"), n, replace = TRUE)
people$age <- round(rnorm(n, 42, 11))
left <- ceiling(rexp(n, 0.06 * exp(-0.02 * (people$age - 42))))
open <- sample(6:40, n, replace = TRUE)
people$weeks <- pmin(left, open)
people$exited <- as.integer(left <= open)
referral <- floor(rexp(n, 0.03 * exp(0.03 * (people$age - 42))))
people$weeks_to_referral <- ifelse(
  people$pilot == 0 & referral < 40, referral, NA
)
people$days_observed <- sample(89:92, n, replace = TRUE)
people$outcome <- ifelse(
  people$weeks * 7 < people$days_observed & people$exited == 0, NA,
  as.integer(people$exited == 1 & people$weeks * 7 <= people$days_observed)
)
write.csv(people, "referrals_people.csv", row.names = FALSE, quote = FALSE, na = "")

horizon <- 20
lag <- people$days_observed %/% 7
last <- pmax(horizon, lag)
referral <- ifelse(
  !is.na(people$weeks_to_referral) & people$weeks_to_referral < people$weeks,
  people$weeks_to_referral, Inf
)
control <- people$pilot == 0
tight <- glm.control(epsilon = 1e-14, maxit = 50)

# Periods with as many referrals each: ten or more, five periods at most.
seen <- referral[control & referral < last]
periods <- min(max(length(seen) %/% 10, 1), 5)
ends <- unique(quantile(seen, seq_len(periods - 1) / periods, type = 1))
ends <- ends[ends < max(seen)]
period_of <- function(week) findInterval(week, ends, left.open = TRUE)

# One row for each control and week u in which it could be referred (u weeks are over).
stop <- pmin(people$weeks, last, referral + 1)
weekly <- do.call(rbind, lapply(which(control), function(i) {
  data.frame(
    row = i, u = seq_len(stop[i]) - 1,
    referred = as.integer(seq_len(stop[i]) - 1 == referral[i])
  )
}))
weekly$period <- factor(period_of(weekly$u))
weekly$month <- people$month[weekly$row]
weekly$age <- people$age[weekly$row]

# A row at risk in week u + 1 has the weight of weeks 0 to u.
estimates <- function(case, reading) {
  end <- people$weeks
  exited <- people$exited
  if (reading == "censored") {
    weekly$case <- case[weekly$row]
    fit <- suppressWarnings(glm(
      referred ~ period + month + age, binomial, weekly, weights = case, control = tight
    ))
    stays <- -log1p(-fitted(fit))
    weight <- exp(ave(stays, weekly$row, FUN = cumsum))
    end <- pmin(end, referral)
    exited <- exited * is.infinite(referral)
  } else {
    weight <- rep(1, nrow(weekly))
  }
  at_risk <- weekly$u < end[weekly$row]
  rows <- weekly[at_risk, ]
  rows$leaves <- as.integer(exited[rows$row] == 1 & rows$u + 1 == end[rows$row])
  rows$weight <- weight[at_risk] * case[rows$row]
  curve <- function(entry, stop, event, weight) {
    fit <- survfit(Surv(entry, stop, event) ~ 1, weights = weight)
    summary(fit, times = seq_len(horizon), extend = TRUE)$surv
  }
  s0 <- curve(rows$u, rows$u + 1, rows$leaves, rows$weight)
  own <- people$pilot == 1
  s1 <- curve(0 * people$weeks[own], people$weeks[own], people$exited[own], case[own])
  until <- pmin(end, lag)
  total <- rep(1, n)
  for (i in which(control)) {
    of_row <- which(weekly$row == i & weekly$u == until[i] - 1)
    if (length(of_row)) total[i] <- weight[of_row]
  }
  counts <- !is.na(people$outcome)
  if (reading == "censored") counts <- counts & !(referral < lag)
  mean_of <- function(some) {
    some <- some & counts
    sum((total * case * people$outcome)[some]) / sum((total * case)[some])
  }
  c(
    survival = s1[horizon] - s0[horizon], rmst = sum(s1[-horizon]) - sum(s0[-horizon]),
    outcome = mean_of(own) - mean_of(control), s0 = s0[horizon],
    mean0 = 1 + sum(s0[-horizon]), outcome0 = mean_of(control)
  )
}

# kept: joiners go on, so their later weeks are needed too.
person <- unique(people$person)
both <- list()
for (reading in c("kept", "censored")) {
  if (reading == "kept") {
    spared <- weekly
    weekly <- do.call(rbind, lapply(which(control), function(i) {
      data.frame(row = i, u = seq_len(people$weeks[i]) - 1)
    }))
  } else {
    weekly <- spared
  }
  at <- estimates(rep(1, n), reading)
  moved <- vapply(person, function(one) {
    step <- 1e-3 * (people$person == one)
    (estimates(1 + step, reading) - estimates(1 - step, reading)) / 2e-3
  }, numeric(6))
  g <- length(person)
  se <- sqrt(g / (g - 1) * rowSums(moved^2))
  both[[reading]] <- data.frame(
    reading = reading, measure = names(at)[1:3], estimate = at[1:3], se = se[1:3],
    control = at[4:6]
  )
}
table <- do.call(rbind, both)
numeric <- vapply(table, is.double, logical(1))
table[numeric] <- lapply(table[numeric], function(x) sprintf("%.16g", x))
write.csv(table, "referrals.csv", row.names = FALSE, quote = FALSE)
writeLines(capture.output(sessionInfo()), "referrals_session.txt")
