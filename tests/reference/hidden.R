# Sensitivity to hidden selection.
#
# Run in this folder: Rscript hidden.R
# Omitted variables: lm, partial R2 from sums of squares, vcovCL of sandwich. Effect on
# the served: the influence of a row is the derivative of the whole estimation, refitted,
# by the number of times that the row counts (five points), without any formula.

suppressMessages(library(sandwich))
source("stacked.R")
people <- read.csv("adjusted_people.csv")
people$place <- relevel(factor(people$place), "north")
people$month <- factor(people$month)
pilot <- people$pilot == 1
covariates <- c("weeks_before", "age", "place")
z <- qnorm(0.975)
all_terms <- c(covariates, "month")

robustness_of <- function(f) (sqrt(f^4 + 4 * f^2) - f^2) / 2

# Linear model.
linear <- function(outcome) {
  people$y <- people[[outcome]]
  fit <- lm(reformulate(c("pilot", all_terms), "y"), people)
  estimate <- coef(fit)[["pilot"]]
  df <- fit$df.residual
  se <- summary(fit)$coefficients["pilot", "Std. Error"]
  clustered <- sqrt(vcovCL(fit, people$person, type = "HC0", cadjust = TRUE)["pilot", "pilot"])
  critical <- qt(0.975, df - 1) * clustered / se
  f <- abs(estimate / se) / sqrt(df)
  f_critical <- critical / sqrt(df - 1)
  head <- data.frame(
    outcome = outcome, estimate = estimate, se = clustered, df = df,
    partial_r2 = (estimate / se)^2 / ((estimate / se)^2 + df),
    robustness = robustness_of(f),
    robustness_ci = if (f > f_critical) robustness_of(f - f_critical) else 0
  )
  rest <- function(response, terms) deviance(lm(reformulate(terms, response), people))
  rows <- do.call(rbind, lapply(covariates, function(name) {
    others <- setdiff(all_terms, name)
    rd <- 1 - rest("pilot", all_terms) / rest("pilot", others)
    ry <- 1 - rest("y", c("pilot", all_terms)) / rest("y", c("pilot", others))
    off <- function(k) {
      r_pilot <- k * rd / (1 - rd)
      shared <- k * rd^2 / ((1 - k * rd) * (1 - rd))
      r_outcome <- min(1, ((sqrt(k) + sqrt(shared)) / sqrt(1 - shared))^2 * ry / (1 - ry))
      c(r_pilot, r_outcome, se * sqrt(df * r_outcome * r_pilot / (1 - r_pilot)))
    }
    tipping <- uniroot(function(k) off(k)[3] - abs(estimate), tol = 1e-14,
                       c(1e-9, (1 - 1e-9) * (1 - rd) / rd))$root
    do.call(rbind, lapply(1:3, function(k) {
      o <- off(k)
      near <- estimate - sign(estimate) * o[3]
      margin <- critical * se * sqrt((1 - o[2]) / (1 - o[1]) * df / (df - 1))
      data.frame(outcome = outcome, covariate = name, times = k, r2_pilot = o[1],
                 r2_outcome = o[2], estimate = near, ci_low = near - margin,
                 ci_high = near + margin, tipping = tipping)
    }))
  }))
  list(head = head, rows = rows)
}
both <- lapply(c("left", "earned"), linear)
write_reference(do.call(rbind, lapply(both, `[[`, "head")), "hidden_linear.csv")
write_reference(do.call(rbind, lapply(both, `[[`, "rows")), "hidden_linear_benchmarks.csv")

# Effect on the served, with rows that count a number of times.
fitted_of <- function(x, y, counts, family) {
  fit <- suppressWarnings(glm.fit(x, y, weights = counts, family = family, control = tight))
  drop(x %*% coef(fit))
}
whole <- function(outcome, terms, counts = rep(1, nrow(people))) {
  y <- people[[outcome]]
  x <- design(people, terms)
  binary <- all(y %in% 0:1)
  weight <- exp(fitted_of(x, pilot + 0, counts, binomial())) * !pilot
  family <- if (binary) binomial() else gaussian()
  fit <- suppressWarnings(glm.fit(
    x[!pilot, ], y[!pilot], weights = counts[!pilot], family = family, control = tight
  ))
  expected <- family$linkinv(drop(x %*% coef(fit)))
  r <- y - expected
  n1 <- sum(counts * pilot)
  of_month <- tapply(counts * pilot, people$month, sum) / n1
  total <- tapply(counts * weight, people$month, sum)
  share <- as.numeric(weight / total[people$month] * of_month[people$month])
  n0 <- sum(counts * !pilot)
  spread <- sum(counts * r^2 * !pilot) / n0
  unevenness <- n0 * sum(counts * share^2)
  pilots <- sum(counts * y * pilot) / n1
  estimate <- sum(counts * r * pilot) / n1 - sum(counts * share * r)
  c(estimate = estimate, scale = sqrt(spread * unevenness), spread = spread,
    unevenness = unevenness, log_ratio = if (binary) log(pilots / (pilots - estimate)) else 0,
    log_other = if (binary) log((1 - pilots) / (1 - pilots + estimate)) else 0)
}
influences <- function(outcome) {
  h <- 1e-2
  t(sapply(seq_len(nrow(people)), function(i) {
    go <- function(steps) {
      counts <- rep(1, nrow(people))
      counts[i] <- 1 + steps * h
      whole(outcome, all_terms, counts)
    }
    (8 * (go(1) - go(-1)) - (go(2) - go(-2))) / (12 * h)
  }))
}
served_rows <- list()
heads <- list()
for (outcome in c("left", "earned")) {
  phi <- influences(outcome)
  sums <- apply(phi, 2, function(column) tapply(column, people$person, sum))
  v <- nrow(sums) / (nrow(sums) - 1) * t(sums) %*% sums
  now <- whole(outcome, all_terms)
  theta <- now[["estimate"]]
  se <- function(k) sqrt(v["estimate", "estimate"] + 2 * k * v["estimate", "scale"] +
                           k^2 * v["scale", "scale"])
  toward <- function(k) abs(theta) - k * now[["scale"]] - z * se(-sign(theta) * k)
  tipping <- abs(theta) / now[["scale"]]
  tipping_ci <- if (toward(0) <= 0) 0 else uniroot(toward, c(0, tipping), tol = 1e-14)$root
  ratio <- function(name) {
    if (outcome != "left") return(rep(NaN, 3))
    exp(now[[name]] + c(0, -1, 1) * z * sqrt(v[name, name]))
  }
  one <- ratio("log_ratio")
  other <- ratio("log_other")
  heads[[outcome]] <- data.frame(
    outcome = outcome, estimate = theta, ci_low = theta - z * se(0),
    ci_high = theta + z * se(0), scale = now[["scale"]], tipping = tipping,
    tipping_ci = tipping_ci, robustness = robustness_of(tipping),
    robustness_ci = robustness_of(tipping_ci),
    ratio = one[1], ratio_low = one[2], ratio_high = one[3],
    other = other[1], other_low = other[2], other_high = other[3]
  )
  for (name in covariates) {
    without <- whole(outcome, setdiff(all_terms, name))
    cy <- max(0, without[["spread"]] / now[["spread"]] - 1)
    cd <- max(0, now[["unevenness"]] / without[["unevenness"]] - 1)
    k <- sqrt(min(1, cy) * cd)
    served_rows[[length(served_rows) + 1]] <- data.frame(
      outcome = outcome, covariate = name, outcome_strength = cy,
      selection_strength = cd, bias = k * now[["scale"]],
      low = theta - k * now[["scale"]], high = theta + k * now[["scale"]],
      ci_low = theta - k * now[["scale"]] - z * se(-k),
      ci_high = theta + k * now[["scale"]] + z * se(k),
      left_out = without[["estimate"]] - theta, times = tipping / k,
      times_ci = tipping_ci / k
    )
  }
}
write_reference(do.call(rbind, heads), "hidden_served.csv")
write_reference(do.call(rbind, served_rows), "hidden_served_benchmarks.csv")
writeLines(capture.output(sessionInfo()), "hidden_session.txt")
