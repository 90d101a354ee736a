# Intervals for the difference between two shares, straight from the definitions.
#
# Run in this folder: Rscript differences.R
# Newcombe (1998, method 10) from Wilson limits (checked against prop.test); Agresti and
# Caffo (2000) and Wald from their formulas; Miettinen and Nurminen (1985) without
# their cubic: the likelihood under the hypothesis is maximised numerically, and the
# limits are found by uniroot. p-values: the level at which the interval touches zero.
# Welch: t.test.

tables <- rbind(
  c(56, 70, 48, 80), c(9, 10, 3, 10), c(6, 7, 2, 7), c(5, 56, 0, 29),
  c(0, 10, 0, 20), c(0, 10, 0, 10), c(10, 10, 0, 20), c(10, 10, 0, 10),
  c(18, 41, 190, 500), c(1, 1, 0, 1), c(0, 1, 250, 500), c(7, 120, 12, 500),
  c(33, 50, 33, 50), c(499, 500, 1, 3), c(2, 5, 500, 500)
)
colnames(tables) <- c("x1", "n1", "x0", "n0")
levels <- c(0.90, 0.95, 0.99)
tight <- 1e-13

# Both shares that a score test at z just accepts: (x / n - p)^2 = z^2 p (1 - p) / n.
wilson <- function(x, n, z) {
  a <- 1 + z^2 / n
  b <- -(2 * x / n + z^2 / n)
  root <- sqrt(max(b^2 - 4 * a * (x / n)^2, 0))
  pmin(1, pmax(0, (-b + c(-1, 1) * root) / (2 * a)))
}
for (x in c(0, 3, 10)) {
  r <- suppressWarnings(prop.test(x, 10, conf.level = 0.9, correct = FALSE))
  stopifnot(all.equal(wilson(x, 10, qnorm(0.95)), r$conf.int[1:2], tolerance = 1e-12))
}

newcombe_at <- function(x1, n1, x0, n0, z) {
  d <- x1 / n1 - x0 / n0
  w1 <- wilson(x1, n1, z)
  w0 <- wilson(x0, n0, z)
  c(
    d - sqrt((x1 / n1 - w1[1])^2 + (w0[2] - x0 / n0)^2),
    d + sqrt((w1[2] - x1 / n1)^2 + (x0 / n0 - w0[1])^2)
  )
}

newcombe <- function(x1, n1, x0, n0, level) {
  newcombe_at(x1, n1, x0, n0, qnorm((1 + level) / 2))
}

plain_se <- function(x1, n1, x0, n0) {
  p1 <- x1 / n1
  p0 <- x0 / n0
  sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)
}

wald <- function(x1, n1, x0, n0, level) {
  se <- plain_se(x1, n1, x0, n0)
  if (se == 0) return(c(NaN, NaN))
  limits <- x1 / n1 - x0 / n0 + c(-1, 1) * qnorm((1 + level) / 2) * se
  pmin(1, pmax(-1, limits))
}

agresti_caffo <- function(x1, n1, x0, n0, level) {
  wald(x1 + 1, n1 + 2, x0 + 1, n0 + 2, level)
}

# The control share that is most likely when the shares differ by delta: where the
# slope of the log-likelihood changes sign, or an end of the range.
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

score_z <- function(delta, x1, n1, x0, n0) {
  p0 <- restricted(delta, x1, n1, x0, n0)
  p1 <- p0 + delta
  n <- n1 + n0
  variance <- (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * n / (n - 1)
  distance <- x1 / n1 - x0 / n0 - delta
  if (abs(distance) < 1e-15) return(0)
  distance / sqrt(max(variance, 1e-300))
}

score <- function(x1, n1, x0, n0, level) {
  d <- x1 / n1 - x0 / n0
  z <- qnorm((1 + level) / 2)
  low <- if (d <= -1) -1 else {
    uniroot(function(x) score_z(x, x1, n1, x0, n0) - z, c(-1, d), tol = tight)$root
  }
  high <- if (d >= 1) 1 else {
    uniroot(function(x) score_z(x, x1, n1, x0, n0) + z, c(d, 1), tol = tight)$root
  }
  c(low, high)
}

# The p-value at which Newcombe's interval touches zero.
newcombe_p <- function(x1, n1, x0, n0) {
  d <- x1 / n1 - x0 / n0
  if (d == 0) return(1)
  touch <- function(z) newcombe_at(x1, n1, x0, n0, z)[if (d > 0) 1 else 2]
  2 * pnorm(-uniroot(touch, c(0, 37), tol = tight)$root)
}

methods <- list(
  newcombe = newcombe, score = score, "agresti-caffo" = agresti_caffo, wald = wald
)

rows <- list()
for (i in seq_len(nrow(tables))) for (method in names(methods)) for (level in levels) {
  x <- tables[i, ]
  limits <- methods[[method]](x[1], x[2], x[3], x[4], level)
  p_value <- switch(method,
    newcombe = newcombe_p(x[1], x[2], x[3], x[4]),
    score = 2 * pnorm(-abs(score_z(0, x[1], x[2], x[3], x[4]))),
    wald = {
      se <- plain_se(x[1], x[2], x[3], x[4])
      if (se == 0) NaN else 2 * pnorm(-abs((x[1] / x[2] - x[3] / x[4]) / se))
    },
    "agresti-caffo" = {
      d <- (x[1] + 1) / (x[2] + 2) - (x[3] + 1) / (x[4] + 2)
      2 * pnorm(-abs(d / plain_se(x[1] + 1, x[2] + 2, x[3] + 1, x[4] + 2)))
    }
  )
  rows[[length(rows) + 1]] <- data.frame(
    t(x), method = method, level = level, ci_low = limits[1], ci_high = limits[2],
    p_value = p_value, row.names = NULL
  )
}
write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}
write_reference(do.call(rbind, rows), "differences.csv")

welch <- function(name, pilot, control, level) {
  test <- t.test(pilot, control, conf.level = level)
  data.frame(
    pilot = paste(pilot, collapse = " "), control = paste(control, collapse = " "),
    level = level, estimate = mean(pilot) - mean(control), se = test$stderr,
    ci_low = test$conf.int[1], ci_high = test$conf.int[2], p_value = test$p.value
  )
}
write_reference(rbind(
  welch("weeks", c(3, 7, 26, 13, 26, 5), c(26, 26, 11, 18, 26, 26, 9, 2), 0.95),
  welch("pairs", c(1.5, 2.5), c(0, 10), 0.90),
  welch("same", c(4, 4, 4), c(1, 2, 9), 0.99)
), "means.csv")
writeLines(capture.output(sessionInfo()), "differences_session.txt")
