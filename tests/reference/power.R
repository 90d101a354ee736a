# Smallest detectable differences and sample sizes.
#
# Run in this folder: Rscript power.R
# The equation of Fleiss, Tytun and Ury (1980) without continuity correction for groups
# of unequal size, solved by uniroot. Where the groups are equal it is checked against
# power.prop.test. Strata: both variances are sums with squared Mantel-Haenszel weights.

lack <- function(delta, n1, n0, p0, power, level, design_effect) {
  p1 <- pmin(p0 + delta, 1)
  w <- if (all(is.infinite(n0))) n1 else n1 * n0 / (n1 + n0)
  w <- w / sum(w)
  bar <- if (all(is.infinite(n0))) p0 else (n1 * p1 + n0 * p0) / (n1 + n0)
  null <- sum(w^2 * bar * (1 - bar) * (1 / n1 + 1 / n0))
  alternative <- sum(w^2 * (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0))
  reach <- qnorm((1 + level) / 2) * sqrt(null) + qnorm(power) * sqrt(alternative)
  sqrt(design_effect) * reach - sum(w * (p1 - p0))
}

detectable <- function(n1, n0, p0, power, level, design_effect = 1) {
  uniroot(
    lack, c(0, max(1 - p0)), tol = 1e-14, n1 = n1, n0 = n0, p0 = p0, power = power,
    level = level, design_effect = design_effect
  )$root
}

for (n in c(50, 400)) {
  theirs <- power.prop.test(n = n, p1 = 0.45, power = 0.8, tol = 1e-12)$p2 - 0.45
  stopifnot(all.equal(detectable(n, n, 0.45, 0.8, 0.95), theirs, tolerance = 1e-9))
}

write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}

designs <- expand.grid(
  n_pilot = c(20, 100, 1100), n_control = c(40, 500, 6000),
  control_share = c(0.05, 0.45, 0.8), power = c(0.5, 0.8, 0.9), level = c(0.9, 0.95)
)
designs <- designs[designs$control_share < 0.8 | designs$n_pilot > 20, ]
designs$detectable <- mapply(
  detectable, designs$n_pilot, designs$n_control, designs$control_share,
  designs$power, designs$level
)
write_reference(designs, "power.csv")

wished <- expand.grid(
  difference = c(-0.1, 0.05, 0.1), control_share = c(0.3, 0.45), ratio = c(1, 5)
)
wished$n_pilot <- mapply(function(difference, p0, ratio) {
  base <- if (difference > 0) p0 else 1 - p0
  size <- uniroot(function(n) {
    lack(abs(difference), n, ratio * n, base, 0.8, 0.95, 1)
  }, c(1, 1e6), tol = 1e-9)$root
  ceiling(size)
}, wished$difference, wished$control_share, wished$ratio)
stopifnot(
  wished$n_pilot[wished$difference == 0.05 & wished$control_share == 0.45 &
    wished$ratio == 1] == ceiling(power.prop.test(p1 = 0.45, p2 = 0.5, power = 0.8)$n)
)
write_reference(wished, "sample_size.csv")

n1 <- c(40, 31, 55, 38)
n0 <- c(500, 500, 480, 500)
p0 <- c(140, 120, 171, 155) / n0
write_reference(data.frame(
  design_effect = c(1, 1.3),
  detectable = c(
    detectable(n1, n0, p0, 0.8, 0.95), detectable(n1, n0, p0, 0.8, 0.95, 1.3)
  ),
  twice_controls = c(
    detectable(n1, 2 * n0, p0, 0.8, 0.95), detectable(n1, 2 * n0, p0, 0.8, 0.95, 1.3)
  ),
  endless_controls = c(
    detectable(n1, rep(Inf, 4), p0, 0.8, 0.95),
    detectable(n1, rep(Inf, 4), p0, 0.8, 0.95, 1.3)
  ),
  twice_pilots = c(
    detectable(2 * n1, n0, p0, 0.8, 0.95), detectable(2 * n1, n0, p0, 0.8, 0.95, 1.3)
  )
), "power_pooled.csv")
writeLines(capture.output(sessionInfo()), "power_session.txt")
