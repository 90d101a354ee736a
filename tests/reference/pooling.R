# Pooled differences.
#
# Run in this folder: Rscript pooling.R
# metafor: Mantel-Haenszel with Sato's variance (rma.mh), inverse variance (rma, EE),
# REML with the test of Hartung and Knapp (rma, REML, knha) and its prediction
# interval. The stratified score interval without the closed form: the likelihood of
# each stratum is maximised numerically. The clustered Mantel-Haenszel difference is
# a contrast of the saturated linear model, its variance from sandwich::vcovCL.

suppressMessages({
  library(metafor)
  library(sandwich)
})

tight <- 1e-13
write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}

# Invented counts: a year of months with one much larger control group each; a few
# small strata with zero cells; strata that clearly differ; three that are alike.
studies <- list(
  months = rbind(
    c(14, 40, 140, 500), c(9, 31, 120, 500), c(22, 55, 171, 500), c(11, 38, 155, 500),
    c(17, 41, 163, 500), c(8, 26, 149, 500), c(19, 47, 158, 500), c(25, 60, 166, 500)
  ),
  zeros = rbind(c(0, 6, 3, 20), c(4, 9, 0, 15), c(5, 5, 11, 30), c(2, 12, 4, 25)),
  differing = rbind(
    c(30, 60, 50, 200), c(10, 70, 80, 210), c(45, 80, 60, 190), c(12, 50, 55, 220),
    c(40, 90, 41, 180)
  ),
  alike = rbind(c(20, 50, 60, 200), c(21, 52, 61, 204), c(33, 80, 88, 300)),
  one = rbind(c(14, 40, 140, 500))
)

restricted <- function(delta, x1, n1, x0, n0) {
  low <- max(0, -delta)
  high <- min(1, 1 - delta)
  if (high - low < 1e-10) return((low + high) / 2)
  slope <- function(p0) {
    part <- function(x, p) if (x == 0) 0 else x / pmax(p, 1e-300)
    p1 <- p0 + delta
    part(x1, p1) - part(n1 - x1, 1 - p1) + part(x0, p0) - part(n0 - x0, 1 - p0)
  }
  inner <- (high - low) * 1e-14
  ends <- c(low + inner, high - inner)
  slopes <- slope(ends)
  if (slopes[1] <= 0) return(low)
  if (slopes[2] >= 0) return(high)
  uniroot(slope, ends, tol = 1e-16, maxiter = 10000)$root
}

# Cochran's Q around a given difference, half a person in each cell where one is zero.
spread <- function(t, around) {
  if (nrow(t) < 2) return(c(q = NaN, q_p_value = NaN))
  e <- escalc(
    ai = t[, 1], n1i = t[, 2], ci = t[, 3], n2i = t[, 4], measure = "RD", add = 1 / 2,
    to = "only0"
  )
  q <- sum((e$yi - around)^2 / e$vi)
  c(q = q, q_p_value = pchisq(q, nrow(t) - 1, lower.tail = FALSE))
}

score <- function(t, level) {
  x1 <- t[, 1]; n1 <- t[, 2]; x0 <- t[, 3]; n0 <- t[, 4]
  w <- n1 * n0 / (n1 + n0)
  w <- w / sum(w)
  estimate <- sum(w * (x1 / n1 - x0 / n0))
  z <- function(delta) {
    p0 <- mapply(restricted, delta, x1, n1, x0, n0)
    p1 <- p0 + delta
    n <- n1 + n0
    v <- (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * n / (n - 1)
    (estimate - delta) / sqrt(sum(w^2 * v))
  }
  q <- qnorm((1 + level) / 2)
  c(
    estimate = estimate,
    se = sqrt(sum(w^2 * (x1 * (n1 - x1) / n1^3 + x0 * (n0 - x0) / n0^3))),
    ci_low = uniroot(function(d) z(d) - q, c(-1 + 1e-9, estimate), tol = tight)$root,
    ci_high = uniroot(function(d) z(d) + q, c(estimate, 1 - 1e-9), tol = tight)$root,
    p_value = 2 * pnorm(-abs(z(0))),
    spread(t, estimate), i2 = NaN, tau2 = NaN,
    prediction_low = NaN, prediction_high = NaN
  )
}

from_metafor <- function(fit, heterogeneity, random) {
  prediction <- if (random) predict(fit) else list(pi.lb = NaN, pi.ub = NaN)
  c(
    estimate = as.numeric(fit$beta), se = fit$se, ci_low = fit$ci.lb,
    ci_high = fit$ci.ub, p_value = fit$pval,
    q = if (fit$k > 1) fit$QE else NaN,
    q_p_value = if (fit$k > 1) fit$QEp else NaN,
    i2 = if (heterogeneity) fit$I2 / 100 else NaN,
    tau2 = if (random) fit$tau2 else NaN,
    prediction_low = prediction$pi.lb, prediction_high = prediction$pi.ub
  )
}

fit <- function(t, method, level) {
  a <- list(
    ai = t[, 1], n1i = t[, 2], ci = t[, 3], n2i = t[, 4], measure = "RD",
    level = 100 * level
  )
  switch(method,
    "mantel-haenszel" = from_metafor(do.call(rma.mh, a), FALSE, FALSE),
    score = score(t, level),
    fixed = from_metafor(do.call(rma.uni, c(a, method = "EE")), TRUE, FALSE),
    random = from_metafor(do.call(rma.uni, c(a, list(
      method = "REML", test = "knha",
      control = list(threshold = 1e-15, maxiter = 10000)
    ))), TRUE, TRUE)
  )
}

rows <- list()
for (study in names(studies)) for (level in c(0.9, 0.95)) {
  methods <- c("mantel-haenszel", "score", "fixed", "random")
  if (study == "one") methods <- methods[1:2]
  for (method in methods) {
    rows[[length(rows) + 1]] <- data.frame(
      study = study, method = method, level = level,
      t(fit(studies[[study]], method, level))
    )
  }
}
write_reference(do.call(rbind, rows), "pooling.csv")
write_reference(do.call(rbind, lapply(names(studies), function(name) {
  t <- studies[[name]]
  data.frame(
    study = name, stratum = seq_len(nrow(t)), pilot_events = t[, 1], n_pilot = t[, 2],
    control_events = t[, 3], n_control = t[, 4]
  )
})), "pooling_counts.csv")

# Invented people who recur over months and in both groups, in 12 start groups.
set.seed(20210301)
n <- 400
people <- data.frame(
  person = sprintf("p%03d", sample(150, n, replace = TRUE)),
  month = sprintf("2021-%02d", sample(6, n, replace = TRUE, prob = 6:1)),
  pilot = rbinom(n, 1, 0.25)
)
luck <- setNames(rnorm(150), sprintf("p%03d", 1:150))
people$left <- as.integer(luck[people$person] + 0.4 * people$pilot + rnorm(n) > 0.3)
people$weeks <- round(pmax(1, 14 - 5 * luck[people$person] + 4 * rnorm(n)), 1)
people$place <- sprintf("g%02d", as.integer(substr(people$person, 2, 4)) %% 12)
write.csv(people, "people.csv", row.names = FALSE, quote = FALSE)

clustered <- function(outcome, cluster) {
  model <- lm(people[[outcome]] ~ 0 + factor(month) + factor(month):pilot, people)
  n1 <- tapply(people$pilot, people$month, sum)
  n0 <- tapply(1 - people$pilot, people$month, sum)
  w <- n1 * n0 / (n1 + n0)
  contrast <- c(rep(0, length(w)), w / sum(w))
  v <- vcovCL(model, cluster = people[[cluster]], type = "HC0", cadjust = TRUE)
  data.frame(
    outcome = outcome, cluster = cluster, estimate = sum(contrast * coef(model)),
    se = sqrt(drop(contrast %*% v %*% contrast))
  )
}
write_reference(rbind(
  clustered("left", "person"), clustered("weeks", "person"),
  clustered("left", "place"), clustered("weeks", "place")
), "clustered.csv")
writeLines(capture.output(sessionInfo()), "pooling_session.txt")
