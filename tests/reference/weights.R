# The propensity score and weights for the treated.
#
# Run in this folder: Rscript weights.R
# Logistic regression: stats::glm with a tight tolerance. IPW: its odds, scaled within
# months. Entropy balancing: the convex dual by an own Newton iteration on all rows,
# written from Hainmueller (2012).

write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}

# Invented people. Numbers have one digit after the point, so that the file is exact.
set.seed(20210201)
n <- 900
people <- data.frame(
  month = sprintf("2021-%02d", sample(4, n, replace = TRUE)),
  age = round(rnorm(n, 41, 12), 1),
  weeks_before = floor(rexp(n, 1 / 35)) + 1,
  sex = sample(c("man", "woman"), n, replace = TRUE),
  place = sample(c("pori", "rauma", "ulvila", ""), n, TRUE, c(0.6, 0.2, 0.15, 0.05))
)
people$age[sample(n, 60)] <- NA
filled <- ifelse(is.na(people$age), mean(people$age, na.rm = TRUE), people$age)
chance <- plogis(
  -1.6 - 0.015 * people$weeks_before + 0.4 * (people$sex == "woman") +
    0.02 * (filled - 40) + 0.3 * (people$place == "rauma")
)
people$pilot <- rbinom(n, 1, chance)
write.csv(people, "weighted_people.csv", row.names = FALSE, quote = FALSE, na = "")

x <- cbind(
  age = filled,
  "age = missing" = as.numeric(is.na(people$age)),
  weeks_before = people$weeks_before,
  "sex = X" = as.numeric(people$sex != names(which.max(table(people$sex)))),
  "place = rauma" = as.numeric(people$place == "rauma"),
  "place = ulvila" = as.numeric(people$place == "ulvila"),
  "place = missing" = as.numeric(people$place == ""),
  "month = 2021-02" = as.numeric(people$month == "2021-02"),
  "month = 2021-03" = as.numeric(people$month == "2021-03"),
  "month = 2021-04" = as.numeric(people$month == "2021-04")
)
t <- people$pilot == 1

tight <- glm.control(epsilon = 1e-15, maxit = 100)
fit <- glm(t ~ x, family = binomial, control = tight)
prior <- 1 + seq_len(n) %% 3
weighted <- glm(
  as.numeric(t) ~ x, family = binomial, weights = prior, control = tight
)
write_reference(
  data.frame(
    term = c("intercept", colnames(x)),
    coefficient = unname(coef(fit)), weighted = unname(coef(weighted))
  ),
  "logit.csv"
)

within_months <- function(w) {
  for (m in unique(people$month)) {
    rows <- people$month == m & !t
    w[rows] <- w[rows] / sum(w[rows]) * sum(people$month == m & t)
  }
  w[t] <- 1
  w
}

entropy <- function(x) {
  target <- colMeans(x[t, ])
  scale <- apply(x[!t, ], 2, sd)
  z <- sweep(sweep(x[!t, ], 2, target), 2, scale, "/")
  dual <- function(l) {
    a <- drop(z %*% l)
    max(a) + log(sum(exp(a - max(a))))
  }
  l <- rep(0, ncol(z))
  for (i in 1:100) {
    a <- drop(z %*% l)
    w <- exp(a - max(a))
    w <- w / sum(w)
    gradient <- drop(w %*% z)
    if (max(abs(gradient)) < 1e-13) break
    step <- solve(crossprod(z * w, z) - tcrossprod(gradient), gradient)
    size <- 1
    while (size > 1e-8 && dual(l - size * step) > dual(l)) size <- size / 2
    l <- l - size * step
  }
  full <- rep(1, n)
  full[!t] <- w * sum(t)
  full
}

p <- fitted(fit)
write_reference(
  data.frame(
    score = p,
    ipw = within_months(p / (1 - p)),
    capped = within_months(pmin(p / (1 - p), quantile((p / (1 - p))[!t], 0.9))),
    entropy = entropy(x),
    entropy_2 = entropy(cbind(x, filled^2, people$weeks_before^2))
  ),
  "weights.csv"
)
writeLines(capture.output(sessionInfo()), "weights_session.txt")
