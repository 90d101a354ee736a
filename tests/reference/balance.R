# Balance before and after weighting.
#
# Run in this folder, after weights.R: Rscript balance.R
# The R package cobalt is not in Debian. Own R for its definitions: weighted mean; the
# standard deviation before weighting, sqrt(p (1 - p)) for a share; weighted variance
# sum(w) / (sum(w)^2 - sum(w^2)) * sum(w (x - m)^2); Kolmogorov-Smirnov over all values.
# Overlap: stats::density, which smooths on a grid of its own, so that it agrees to
# about 1e-3 only. The standard error of the standardised difference comes from a
# numerical derivative of it in the raw moments and the covariance of these.

write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}

people <- read.csv("weighted_people.csv", na.strings = "")
weights <- read.csv("weights.csv")$ipw
pilot <- people$pilot == 1

columns <- list(
  "age:" = people$age, "age:missing" = as.numeric(is.na(people$age)),
  "weeks_before:" = people$weeks_before,
  "sex:man" = as.numeric(people$sex == "man"),
  "sex:woman" = as.numeric(people$sex == "woman")
)
place <- ifelse(is.na(people$place), "missing", people$place)
for (level in c("pori", "rauma", "ulvila", "missing")) {
  columns[[paste0("place:", level)]] <- as.numeric(place == level)
}

weighted_variance <- function(x, w, share) {
  m <- sum(w * x) / sum(w)
  v <- sum(w * (x - m)^2) / sum(w)
  if (share) v else v * sum(w)^2 / (sum(w)^2 - sum(w^2))
}

# D as a function of the raw moments of both groups, and its variance by the delta
# method with a numerical gradient. The unbiased variance is the raw one times n/(n-1).
standard_error <- function(x1, x0, share, pooled) {
  unbias <- function(x) if (share) 1 else length(x) / (length(x) - 1)
  d <- function(m) {
    v1 <- (m[2] - m[1]^2) * unbias(x1)
    v0 <- (m[4] - m[3]^2) * unbias(x0)
    (m[1] - m[3]) / sqrt(if (pooled) (v1 + v0) / 2 else v1)
  }
  centre <- mean(c(x1, x0))
  x1 <- x1 - centre
  x0 <- x0 - centre
  moments <- c(mean(x1), mean(x1^2), mean(x0), mean(x0^2))
  gradient <- sapply(1:4, function(k) {
    h <- 1e-5 * max(abs(moments[k]), 0.01)
    e <- replace(rep(0, 4), k, h)
    (d(moments + e) - d(moments - e)) / (2 * h)
  })
  covariance <- function(x) {
    y <- cbind(x, x^2)
    cov(y) * (length(x) - 1) / length(x) / length(x)
  }
  variance <- drop(gradient[1:2] %*% covariance(x1) %*% gradient[1:2]) +
    drop(gradient[3:4] %*% covariance(x0) %*% gradient[3:4])
  sqrt(variance)
}

ks <- function(x1, x0, w1, w0) {
  at <- sort(unique(c(x1, x0)))
  max(abs(sapply(at, function(a) {
    sum(w1[x1 <= a]) / sum(w1) - sum(w0[x0 <= a]) / sum(w0)
  })))
}

overlap <- function(x1, x0, w1, w0) {
  ends <- range(c(x1, x0)) + c(-30, 30)
  f <- function(x, w) {
    density(x, weights = w / sum(w), bw = bw.nrd0(x), from = ends[1], to = ends[2],
            n = 2^14)
  }
  a <- f(x1, w1)
  sum(pmin(a$y, f(x0, w0)$y)) * (a$x[2] - a$x[1])
}

rows <- list()
for (name in names(columns)) for (weighted in c(FALSE, TRUE)) {
  x <- columns[[name]]
  known <- !is.na(x)
  share <- all(x[known] %in% 0:1)
  w <- if (weighted) weights else rep(1, length(x))
  x1 <- x[pilot & known]; w1 <- w[pilot & known]
  x0 <- x[!pilot & known]; w0 <- w[!pilot & known]
  v1 <- weighted_variance(x1, rep(1, length(x1)), share)
  v0 <- weighted_variance(x0, rep(1, length(x0)), share)
  difference <- sum(w1 * x1) / sum(w1) - sum(w0 * x0) / sum(w0)
  rows[[length(rows) + 1]] <- data.frame(
    name = name, weighted = as.integer(weighted),
    pilot = sum(w1 * x1) / sum(w1), control = sum(w0 * x0) / sum(w0),
    smd = difference / sqrt(v1), smd_pooled = difference / sqrt((v1 + v0) / 2),
    se = if (weighted) NaN else standard_error(x1, x0, share, FALSE),
    se_pooled = if (weighted) NaN else standard_error(x1, x0, share, TRUE),
    variance_ratio = if (share) NaN else
      weighted_variance(x1, w1, FALSE) / weighted_variance(x0, w0, FALSE),
    ks = ks(x1, x0, w1, w0),
    overlap = if (share) 1 - abs(difference) else overlap(x1, x0, w1, w0)
  )
}
write_reference(do.call(rbind, rows), "balance.csv")

weeks <- people$weeks_before
durations <- do.call(rbind, lapply(c(TRUE, FALSE), function(group) {
  x <- weeks[pilot == group]
  interval <- t.test(x)$conf.int
  data.frame(
    group = if (group) "pilot" else "control", n = length(x), mean = mean(x),
    ci_low = interval[1], ci_high = interval[2], median = median(x)
  )
}))
write_reference(durations, "durations.csv")
writeLines(capture.output(sessionInfo()), "balance_session.txt")
