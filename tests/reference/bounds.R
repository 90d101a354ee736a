# Critical values for partially identified differences, and worst-case bounds.
#
# Run in this folder: Rscript bounds.R
# Imbens and Manski (2004): uniroot. Stoye (2009): the chance of both conditions by
# integrating the normal density; the shortest interval by optimize over the lower
# critical value. Pooled bounds: people.csv with some outcomes made unknown, each bound
# a contrast of the saturated model with sandwich::vcovCL.

suppressMessages(library(sandwich))

imbens_manski <- function(width, se_low, se_high, level) {
  uniroot(function(c) {
    pnorm(c + width / max(se_low, se_high)) - pnorm(-c) - level
  }, c(0, 9), tol = 1e-14)$root
}

chance <- function(a, b, rho) {
  integrate(function(z) {
    dnorm(z) * pnorm((b - rho * z) / sqrt(1 - rho^2))
  }, -a, 12, rel.tol = 1e-13, abs.tol = 0, subdivisions = 2000)$value
}

stoye <- function(width, se_low, se_high, rho, level) {
  upper <- function(c_low) {
    uniroot(function(c) {
      min(
        chance(c_low, c + width / se_high, rho), chance(c, c_low + width / se_low, rho)
      ) - level
    }, c(qnorm(level) - 1e-9, 9), tol = 1e-13)$root
  }
  ends <- c(qnorm(level) + 1e-9, qnorm((1 + level) / 2) + 1)
  best <- optimize(function(c) c * se_low + upper(c) * se_high, ends, tol = 1e-10)
  c(best$minimum, upper(best$minimum), best$objective)
}

write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}

cases <- data.frame(
  width = c(0, 0.01, 0.05, 0.2, 0.02, 0.03),
  se_low = c(0.05, 0.05, 0.05, 0.05, 0.02, 0.1),
  se_high = c(0.04, 0.04, 0.04, 0.04, 0.02, 0.08),
  rho = c(0.9, 0.95, 0.8, 0.5, 0.97, 0.6),
  level = c(0.95, 0.95, 0.95, 0.95, 0.9, 0.99)
)
cases$imbens_manski <- with(cases, mapply(imbens_manski, width, se_low, se_high, level))
found <- with(cases, mapply(stoye, width, se_low, se_high, rho, level))
cases$stoye_low <- found[1, ]
cases$stoye_high <- found[2, ]
cases$stoye_length <- found[3, ]
write_reference(cases, "bounds.csv")

people <- read.csv("people.csv")
people$unknown <- seq_len(nrow(people)) %% 17 == 0
contrast <- function(y) {
  model <- lm(y ~ 0 + factor(month) + factor(month):pilot, people)
  n1 <- tapply(people$pilot, people$month, sum)
  n0 <- tapply(1 - people$pilot, people$month, sum)
  w <- n1 * n0 / (n1 + n0)
  a <- c(rep(0, length(w)), w / sum(w))
  v <- vcovCL(model, cluster = people$person, type = "HC0", cadjust = TRUE)
  c(sum(a * coef(model)), sqrt(drop(a %*% v %*% a)))
}
low <- contrast(ifelse(people$unknown, 1 - people$pilot, people$left))
high <- contrast(ifelse(people$unknown, people$pilot, people$left))
critical <- imbens_manski(high[1] - low[1], low[2], high[2], 0.95)
write_reference(data.frame(
  low = low[1], high = high[1], se_low = low[2], se_high = high[2],
  ci_low = low[1] - critical * low[2], ci_high = high[1] + critical * high[2]
), "bounds_pooled.csv")
writeLines(capture.output(sessionInfo()), "bounds_session.txt")
