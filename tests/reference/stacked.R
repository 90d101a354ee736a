# Stacked estimating equations for the effect on the served, written out in full.
#
# Sourced by adjusted.R, decomposition.R and hidden.R. The whole stack of equations is
# one function of all parameters; its derivative is numerical (five points, error far
# below 1e-10), so that no formula for a derivative is shared with the package.

write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}

derivative <- function(f, at) {
  columns <- lapply(seq_along(at), function(j) {
    h <- 1e-3 * max(1e-2, abs(at[j]))
    go <- function(steps) { moved <- at; moved[j] <- moved[j] + steps * h; f(moved) }
    (8 * (go(1) - go(-1)) - (go(2) - go(-2))) / (12 * h)
  })
  do.call(cbind, columns)
}

# Influence of each row on the last parameter, where psi gives a row per observation.
influence_of_last <- function(psi, theta) {
  bread <- derivative(function(t) colSums(psi(t)), theta)
  last <- numeric(length(theta))
  last[length(theta)] <- 1
  drop(-psi(theta) %*% solve(t(bread), last))
}

clustered_se <- function(influence, cluster) {
  sums <- tapply(influence, cluster, sum)
  g <- length(sums)
  sqrt(g / (g - 1) * sum(sums^2))
}

tight <- glm.control(epsilon = 1e-15, maxit = 100)
score_fit <- function(x, pilot) {
  suppressWarnings(coef(glm.fit(x, pilot, family = binomial(), control = tight)))
}

outcome_fit <- function(x, y, model) {
  if (model == "linear") return(coef(lm.fit(x, y)))
  suppressWarnings(coef(glm.fit(x, y, family = binomial(), control = tight)))
}

entropy_fit <- function(x, pilot) {
  lambda <- c(log(sum(pilot) / sum(!pilot)), rep(0, ncol(x) - 1))
  equations <- function(l) {
    w <- exp(drop(x %*% l)) * !pilot
    list(gap = colSums(w * x) - colSums(x[pilot, , drop = FALSE]), bread = t(x) %*% (w * x))
  }
  for (step in 1:200) {
    now <- equations(lambda)
    lambda <- lambda - solve(now$bread, now$gap)
    if (max(abs(now$gap)) < 1e-11) break
  }
  lambda
}

# The effect on the served: parameters are those of the weights, those of the outcome
# model, the mean residual of each month's weighted controls, and the effect.
served <- function(x, y, pilot, month, method, model = "linear") {
  month <- as.integer(factor(month))
  months <- max(month)
  k <- ncol(x)
  weighted <- method != "regression"
  predicts <- method %in% c("aipw", "regression")
  beta <- if (!weighted) numeric(0) else if (method == "entropy") {
    entropy_fit(x, pilot)
  } else score_fit(x, pilot)
  gamma <- if (predicts) outcome_fit(x[!pilot, , drop = FALSE], y[!pilot], model) else numeric(0)
  mean_of <- if (model == "logistic") plogis else identity

  parts <- function(theta) {
    b <- theta[seq_along(beta)]
    g <- theta[length(beta) + seq_along(gamma)]
    rho <- theta[length(beta) + length(gamma) + seq_len(months)]
    linear <- if (weighted) drop(x %*% b) else rep(0, length(y))
    list(
      linear = linear,
      weight = exp(linear) * !pilot,
      fitted = if (predicts) mean_of(drop(x %*% g)) else rep(0, length(y)),
      rho = rho, tau = theta[length(theta)]
    )
  }
  psi <- function(theta) {
    p <- parts(theta)
    residual <- y - p$fitted
    equations <- list()
    if (weighted) {
      equations$weights <- if (method == "entropy") x * (p$weight - pilot) else {
        x * (pilot - plogis(p$linear))
      }
    }
    if (predicts) equations$outcome <- x * (residual * !pilot)
    equations$months <- outer(month, seq_len(months), "==") *
      (p$weight * (residual - p$rho[month]))
    equations$effect <- pilot * (residual - p$rho[month] - p$tau)
    do.call(cbind, equations)
  }
  start <- parts(c(beta, gamma, rep(0, months), 0))
  residual <- y - start$fitted
  rho <- vapply(seq_len(months), function(m) {
    weighted.mean(residual[month == m], start$weight[month == m])
  }, 0)
  tau <- mean((residual - rho[month])[pilot])
  theta <- c(beta, gamma, rho, tau)
  list(
    estimate = tau, influence = influence_of_last(psi, theta),
    control = mean(y[pilot]) - tau, weight = start$weight, residual = residual
  )
}

design <- function(people, terms) {
  if (!length(terms)) return(matrix(1, nrow(people), 1))
  model.matrix(reformulate(terms), people)
}

# Invented people who recur over months and in both groups. The served have been
# unemployed for a shorter time; what they leave for depends on it too.
invented_people <- function() {
  set.seed(20210401)
  n <- 700
  person <- sample(260, n, replace = TRUE)
  luck <- rnorm(260)[person]
  people <- data.frame(
    person = sprintf("p%03d", person),
    month = sprintf("2021-%02d", sample(4, n, replace = TRUE, prob = 4:1)),
    weeks_before = round(104 * rbeta(n, 1, 1.5)),
    age = round(runif(n, 18, 64), 1),
    place = sample(c("north", "east", "south"), n, replace = TRUE, prob = c(2, 1, 1))
  )
  odds <- with(people, -0.4 - 0.02 * weeks_before + 0.4 * (place == "east") +
    0.2 * (month == "2021-02") - 0.01 * (age - 40))
  people$pilot <- rbinom(n, 1, plogis(odds))
  likely <- with(people, 0.3 - 0.02 * weeks_before + 0.3 * (place == "south") +
    0.3 * pilot + 0.6 * luck)
  people$left <- rbinom(n, 1, plogis(likely))
  people$earned <- round(with(people, 900 + 300 * left - 4 * weeks_before +
    5 * age + 150 * luck + rnorm(n, 0, 200)), 1)
  people$coach <- sprintf("c%02d", (person * 7) %% 40)
  people$started <- people$pilot * rbinom(n, 1, 0.8)
  people
}
