# Cox's model on whole weeks, and the check of proportional hazards.
#
# Run in this folder: Rscript cox.R
# Invented people who recur over months and in both groups, with many ties, and the
# lung cancer data of the survival package (Loprinzi et al. 1994). Coefficients, their
# errors and cox.zph are the package's own. The check for people who recur has no
# counterpart there: it is the robust score test of x * g(t) added to the model, with the
# score residuals of coxph on the rows split at every week with an exit.

suppressMessages(library(survival))

write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}

set.seed(1972)
n <- 420
who <- sample(260, n, replace = TRUE)
people <- data.frame(person = sprintf("p%03d", who))
people$month <- sample(c("2021-01", "2021-02", "2021-03"), n, replace = TRUE)
people$pilot <- rbinom(n, 1, 0.4)
people$age <- round(runif(260, 20, 63))[who]
people$place <- sample(c("north", "south", "west"), 260, replace = TRUE)[who]
people$weeks_before <- rpois(n, 9)
luck <- exp(rnorm(260, 0, 0.5))[who]
rate <- 0.05 * luck * exp(0.4 * people$pilot - 0.02 * (people$age - 40))
weeks <- ceiling(rexp(n, rate))
open <- sample(4:40, n, replace = TRUE)
people$weeks <- pmin(weeks, open)
people$left <- as.integer(weeks <= open)
people$weight <- ifelse(people$pilot == 1, 1, round(runif(n, 0.2, 2), 3))
write.csv(people, "cox_people.csv", row.names = FALSE, quote = FALSE)
people$place <- relevel(factor(people$place), names(which.max(table(people$place))))

tight <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 50)
surv <- function(clock) {
  if (clock == "entry") return("Surv(weeks, left)")
  "Surv(weeks_before, weeks_before + weeks, left)"
}
fitted <- function(clock, covariates, strata, weighted) {
  right <- c("pilot", covariates, if (nzchar(strata)) sprintf("strata(%s)", strata))
  formula <- as.formula(paste(surv(clock), "~", paste(right, collapse = " + ")))
  environment(formula) <- globalenv()
  people$counted <<- if (weighted) people$weight else rep(1, n)
  list(
    plain = coxph(
      formula, people, weights = counted, ties = "efron", control = tight, robust = FALSE
    ),
    clustered = coxph(
      formula, people, weights = counted, cluster = person, ties = "efron", control = tight
    )
  )
}

rows <- list()
checks <- list()
residuals <- list()
for (clock in c("entry", "registration")) for (strata in c("", "month")) {
  for (weighted in c(FALSE, TRUE)) for (adjusted in c(FALSE, TRUE)) {
    covariates <- if (adjusted) c("age", "place") else character(0)
    both <- fitted(clock, covariates, strata, weighted)
    case <- data.frame(clock, strata, weighted = as.integer(weighted), adjusted = as.integer(adjusted))
    fit <- both$plain
    rows[[length(rows) + 1]] <- cbind(case, data.frame(
      term = names(coef(fit)), coef = unname(coef(fit)), se = sqrt(diag(fit$var)),
      clustered = sqrt(diag(both$clustered$var)), log_likelihood = fit$loglik[2],
      log_likelihood_null = fit$loglik[1]
    ))
    if (weighted) next
    for (transform in c("km", "identity", "log")) {
      zph <- cox.zph(fit, transform = transform, terms = FALSE)
      checks[[length(checks) + 1]] <- cbind(case, data.frame(
        transform, term = rownames(zph$table), statistic = zph$table[, "chisq"],
        df = as.integer(zph$table[, "df"]), p_value = zph$table[, "p"]
      ))
    }
    if (strata == "") {
      weekly <- aggregate(zph$y, list(weeks = zph$time), mean)
      weekly$exits <- as.vector(table(zph$time))
      long <- reshape(
        weekly, direction = "long", varying = colnames(zph$y), v.names = "residual",
        timevar = "term", times = colnames(zph$y)
      )
      residuals[[length(residuals) + 1]] <- cbind(
        case, long[c("weeks", "exits", "term", "residual")], row.names = NULL
      )
    }
  }
}
write_reference(do.call(rbind, rows), "cox.csv")
write_reference(do.call(rbind, checks), "cox_zph.csv")
write_reference(do.call(rbind, residuals), "cox_residuals.csv")

# Robust check: rows split at the weeks with exits, x * g(t) as new covariates.
robust_check <- function(clock, covariates, weighted) {
  fit <- fitted(clock, covariates, "", weighted)$plain
  data <- people
  data$start <- if (clock == "entry") 0 else data$weeks_before
  data$stop <- data$start + data$weeks
  cuts <- sort(unique(data$stop[data$left == 1]))
  split <- survSplit(Surv(start, stop, left) ~ ., data, cut = cuts)
  km <- survfit(Surv(start, stop, left) ~ 1, data)
  before <- function(t) 1 - c(1, km$surv)[findInterval(t, km$time, left.open = TRUE) + 1]
  g <- before(split$stop) - mean(before(data$stop[data$left == 1]))
  x <- model.matrix(fit)
  columns <- colnames(x)
  own <- model.matrix(as.formula(paste("~", paste(c("pilot", covariates), collapse = "+"))), split)[, -1, drop = FALSE]
  xg <- own * g
  both <- coxph(
    Surv(start, stop, left) ~ own + xg, split, weights = counted, ties = "efron",
    init = c(coef(fit), rep(0, ncol(own))), control = coxph.control(iter.max = 0),
    robust = FALSE
  )
  u <- residuals(both, "score", weighted = TRUE)
  sums <- rowsum(u, split$person)
  k <- ncol(own)
  b <- seq_len(k)
  information <- solve(both$var)
  one <- function(t) {
    a <- information[k + t, b, drop = FALSE] %*% solve(information[b, b])
    projected <- sums[, k + t, drop = FALSE] - sums[, b, drop = FALSE] %*% t(a)
    total <- colSums(projected)
    drop(total %*% solve(crossprod(projected), total))
  }
  statistic <- c(vapply(b, one, numeric(1)), one(b))
  df <- c(rep(1L, k), k)
  data.frame(
    clock, weighted = as.integer(weighted), adjusted = as.integer(length(covariates) > 0),
    term = c(columns, "GLOBAL"), statistic, df, p_value = pchisq(statistic, df, lower.tail = FALSE)
  )
}
write_reference(do.call(rbind, list(
  robust_check("entry", character(0), FALSE),
  robust_check("entry", c("age", "place"), TRUE),
  robust_check("registration", c("age", "place"), FALSE)
)), "cox_robust_check.csv")

writeLines(capture.output(sessionInfo()), "cox_session.txt")
