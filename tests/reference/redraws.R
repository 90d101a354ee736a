# Redraws from a finite frame, and intervals that allow for it.
#
# Run in this folder: Rscript redraws.R
# Redraws: dhyper, phyper and qhyper. Newcombe's interval with a finite population
# correction: Wilson limits as the shares p with |x / n - p| = z sqrt(f p (1 - p) / n),
# f = (N - n) / (N - 1), found by uniroot.

write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}

cases <- rbind(
  c(14, 40, 140, 500, 8000, 2500), c(22, 55, 171, 500, 600, 190),
  c(3, 9, 6, 15, 40, 12), c(30, 60, 230, 500, 500, 230)
)
redrawn <- function(t) {
  x1 <- t[1]; n1 <- t[2]; x0 <- t[3]; n0 <- t[4]; n <- t[5]; k <- t[6]
  p <- k / n
  above <- phyper(x0, k, n - k, n0, lower.tail = FALSE)
  equal <- dhyper(x0, k, n - k, n0)
  data.frame(
    x1, n1, x0, n0, frame = n, frame_events = k, whole_frame = x1 / n1 - p,
    redraw_sd = sqrt(p * (1 - p) * (n - n0) / (n - 1) / n0),
    redraw_low = x1 / n1 - qhyper(0.975, k, n - k, n0) / n0,
    redraw_high = x1 / n1 - qhyper(0.025, k, n - k, n0) / n0,
    position = above + equal / 2,
    unusual = min(1, 2 * min(above + equal, phyper(x0, k, n - k, n0)))
  )
}
write_reference(do.call(rbind, apply(cases, 1, redrawn)), "redraws.csv")

wilson <- function(x, n, f, z) {
  inside <- 1e-9  # 0 and 1 are roots themselves where nobody, or everybody, left
  p <- x / n
  miss <- function(q) (p - q)^2 - z^2 * f * q * (1 - q) / n
  low <- if (x == 0) 0 else uniroot(miss, c(0, p - inside), tol = 1e-15)$root
  high <- if (x == n) 1 else uniroot(miss, c(p + inside, 1), tol = 1e-15)$root
  c(low, high)
}
corrected <- function(t, level) {
  x1 <- t[1]; n1 <- t[2]; x0 <- t[3]; n0 <- t[4]; n <- t[5]
  f <- (n - n0) / (n - 1)
  z <- qnorm((1 + level) / 2)
  p1 <- x1 / n1; p0 <- x0 / n0
  w1 <- wilson(x1, n1, 1, z)
  w0 <- wilson(x0, n0, f, z)
  data.frame(
    x1, n1, x0, n0, frame_size = n, level,
    se = sqrt(p1 * (1 - p1) / n1 + f * p0 * (1 - p0) / n0),
    ci_low = p1 - p0 - sqrt((p1 - w1[1])^2 + (w0[2] - p0)^2),
    ci_high = p1 - p0 + sqrt((w1[2] - p1)^2 + (p0 - w0[1])^2)
  )
}
write_reference(rbind(
  corrected(c(14, 40, 140, 500, 8000), 0.95), corrected(c(22, 55, 171, 500, 600), 0.9),
  corrected(c(3, 9, 0, 15, 40), 0.95), corrected(c(9, 9, 6, 15, 16), 0.99)
), "frame_size.csv")
writeLines(capture.output(sessionInfo()), "redraws_session.txt")
