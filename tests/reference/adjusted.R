# Adjusted differences with standard errors.
#
# Run in this folder: Rscript adjusted.R
# Weights, predictions and both: the whole stack of estimating equations with a
# numerical derivative (stacked.R). Matching: a plain greedy loop, and the variances of
# Abadie and Imbens (2006, 2016) and of Abadie and Spiess (2022) by loops.

source("stacked.R")
people <- invented_people()
write.csv(people, "adjusted_people.csv", row.names = FALSE, quote = FALSE)
people$place <- relevel(factor(people$place), "north")
pilot <- people$pilot == 1
x <- design(people, c("weeks_before", "age", "place", "month"))
x_squares <- cbind(x, weeks2 = people$weeks_before^2, age2 = people$age^2)

row_of <- function(outcome, method, model, cluster, moments = 1) {
  fit <- served(
    if (moments == 2) x_squares else x, people[[outcome]], pilot, people$month, method, model
  )
  data.frame(
    outcome = outcome, method = method,
    outcome_model = if (method %in% c("aipw", "regression")) model else "",
    cluster = cluster, moments = moments, estimate = fit$estimate,
    se = clustered_se(fit$influence, people[[cluster]]), control = fit$control
  )
}
rows <- list()
for (cluster in c("person", "coach")) for (outcome in c("left", "earned")) {
  for (method in c("ipw", "entropy")) {
    rows[[length(rows) + 1]] <- row_of(outcome, method, "linear", cluster)
  }
  for (model in if (outcome == "left") c("logistic", "linear") else "linear") {
    for (method in c("aipw", "regression")) {
      rows[[length(rows) + 1]] <- row_of(outcome, method, model, cluster)
    }
  }
}
rows[[length(rows) + 1]] <- row_of("left", "entropy", "linear", "person", moments = 2)
write_reference(do.call(rbind, rows), "adjusted.csv")

# The effect on starters: delta method, and Fieller's limits by uniroot.
starters <- function(outcome) {
  fit <- served(x, people[[outcome]], pilot, people$month, "aipw",
                if (outcome == "left") "logistic" else "linear")
  share <- mean(people$started[pilot])
  both <- cbind(fit$influence, pilot * (people$started - share) / sum(pilot))
  sums <- apply(both, 2, function(column) tapply(column, people$person, sum))
  v <- nrow(sums) / (nrow(sums) - 1) * t(sums) %*% sums
  ratio <- fit$estimate / share
  slope <- c(1, -ratio) / share
  outside <- function(c) {
    (fit$estimate - c * share)^2 - qnorm(0.975)^2 * drop(c(1, -c) %*% v %*% c(1, -c))
  }
  se <- sqrt(drop(slope %*% v %*% slope))
  data.frame(
    outcome = outcome, estimate = ratio, se = se, started = share,
    fieller_low = uniroot(outside, c(ratio - 20 * se, ratio), tol = 1e-13)$root,
    fieller_high = uniroot(outside, c(ratio, ratio + 20 * se), tol = 1e-13)$root
  )
}
write_reference(rbind(starters("left"), starters("earned")), "adjusted_starters.csv")

# Matching within months, on the logit of the score, the greatest first.
logit <- drop(x %*% score_fit(x, pilot))
greedy <- function(ratio, again) {
  pairs <- NULL
  free <- !pilot
  for (month in sort(unique(people$month))) {
    here <- people$month == month
    order_of <- which(here & pilot)
    order_of <- order_of[order(-logit[order_of])]
    for (round in seq_len(ratio)) for (i in order_of) {
      own <- if (is.null(pairs)) integer(0) else pairs[pairs[, 1] == i, 2]
      able <- setdiff(which(here & !pilot & free), own)
      if (!length(able)) next
      j <- able[which.min(abs(logit[able] - logit[i]))]
      pairs <- rbind(pairs, c(i, j))
      if (!again) free[j] <- FALSE
    }
  }
  pairs
}
stand_ins <- function(pairs) lapply(split(pairs[, 2], pairs[, 1]), identity)

once <- function(outcome, ratio) {
  y <- people[[outcome]]
  sets <- stand_ins(greedy(ratio, FALSE))
  i <- as.integer(names(sets))
  data <- do.call(rbind, lapply(seq_along(sets), function(s) rbind(
    data.frame(row = i[s], t = 1, w = 1, set = s),
    data.frame(row = sets[[s]], t = 0, w = 1 / length(sets[[s]]), set = s)
  )))
  data$y <- y[data$row]
  mean1 <- with(data[data$t == 1, ], weighted.mean(y, w))
  mean0 <- with(data[data$t == 0, ], weighted.mean(y, w))
  n1 <- length(sets)
  phi <- with(data, ifelse(t == 1, (y - mean1) / n1, -w * (y - mean0) / n1))
  who <- people$person[data$row]
  variance <- clustered_se(phi, data$set)^2 + clustered_se(phi, who)^2 -
    clustered_se(phi, paste(data$set, who))^2
  c(mean1 - mean0, sqrt(variance))
}

# The two nearest on the line within a month, of some rows; with or without oneself.
nearest <- function(i, among, oneself) {
  able <- among[people$month[among] == people$month[i]]
  if (!oneself) able <- setdiff(able, i)
  able[order(abs(logit[able] - logit[i]), logit[able])][1:2]
}
again <- function(outcome, ratio, estimated) {
  y <- people[[outcome]]
  sets <- stand_ins(greedy(ratio, TRUE))
  i <- as.integer(names(sets))
  gap <- y[i] - vapply(sets, function(s) mean(y[s]), 0)
  tau <- mean(gap)
  n1 <- length(i)
  controls <- which(!pilot)
  reuse <- 0
  for (j in controls) {
    parts <- vapply(sets, function(s) sum(s == j) / length(s), 0)
    near <- nearest(j, controls, FALSE)
    spread <- 2 / 3 * (y[j] - mean(y[near]))^2
    reuse <- reuse + (sum(parts)^2 - sum(parts^2)) * spread
  }
  variance <- (sum((gap - tau)^2) + reuse) / n1^2
  if (estimated) {
    e <- plogis(logit)
    f <- e * (1 - e)
    v <- solve(t(x) %*% (f * x))
    fit <- function(group) drop(x %*% coef(lm.fit(x[pilot == group, ], y[pilot == group])))
    d <- colSums(x * f * (fit(TRUE) - fit(FALSE) - tau)) / n1
    c_sum <- 0
    for (r in seq_along(y)) {
      one <- nearest(r, which(pilot), TRUE)
      none <- nearest(r, which(!pilot), TRUE)
      cov_of <- function(s) drop(t(sweep(x[s, ], 2, colMeans(x[s, ]))) %*% (y[s] - mean(y[s])))
      c_sum <- c_sum + f[r] * (
        x[r, ] * (mean(y[one]) - mean(y[none]) - tau) + cov_of(one) +
          e[r] / (1 - e[r]) * cov_of(none))
    }
    c_mean <- c_sum / n1
    variance <- variance + drop(d %*% v %*% d - c_mean %*% v %*% c_mean)
  }
  c(tau, sqrt(variance))
}
matched <- list()
for (outcome in c("left", "earned")) for (ratio in 1:2) {
  add <- function(kind, values) {
    matched[[length(matched) + 1]] <<- data.frame(
      outcome = outcome, ratio = ratio, kind = kind, estimate = values[1], se = values[2]
    )
  }
  add("once", once(outcome, ratio))
  add("again", again(outcome, ratio, TRUE))
  add("again-known", again(outcome, ratio, FALSE))
}
write_reference(do.call(rbind, matched), "adjusted_matching.csv")
write_reference(data.frame(logit = logit), "adjusted_logit.csv")
writeLines(capture.output(sessionInfo()), "adjusted_session.txt")
