# The raw gap taken apart.
#
# Run in this folder: Rscript decomposition.R
# Blocks: the mean gain over all orders in which the blocks may come in, order by order;
# each estimate with its stacked equations (stacked.R). The reweighted decomposition of
# Oaxaca and Blinder: one stack with every mean and coefficient as a parameter.

source("stacked.R")
people <- read.csv("adjusted_people.csv")
people$place <- relevel(factor(people$place), "north")
people$month <- factor(people$month)
pilot <- people$pilot == 1
blocks <- c(duration = "weeks_before", age = "age", place = "place", month = "month")

orders <- function(items) {
  if (length(items) < 2) return(list(items))
  do.call(c, lapply(items, function(i) lapply(orders(setdiff(items, i)), function(o) c(i, o))))
}

shapley <- function(outcome, method, model) {
  known <- list()
  value <- function(names) {
    key <- paste(sort(names), collapse = "+")
    if (is.null(known[[paste0("k", key)]])) {
      terms <- unname(blocks[names(blocks) %in% names])
      month <- if ("month" %in% names) people$month else rep(1, nrow(people))
      known[[paste0("k", key)]] <<- served(
        design(people, terms), people[[outcome]], pilot, month, method, model
      )
    }
    known[[paste0("k", key)]]
  }
  every <- orders(names(blocks))
  gain <- sapply(names(blocks), function(b) rowMeans(sapply(every, function(o) {
    before <- value(o[seq_len(match(b, o) - 1)])
    after <- value(o[seq_len(match(b, o))])
    c(before$estimate - after$estimate, before$influence - after$influence)
  })))
  raw <- value(character(0))
  all <- value(names(blocks))
  columns <- cbind(
    raw = c(raw$estimate, raw$influence), gain,
    explained = c(raw$estimate - all$estimate, raw$influence - all$influence),
    remains = c(all$estimate, all$influence)
  )
  data.frame(
    outcome = outcome, method = method, part = colnames(columns),
    estimate = columns[1, ],
    se = apply(columns[-1, ], 2, clustered_se, cluster = people$person)
  )
}
write_reference(rbind(
  shapley("left", "aipw", "logistic"), shapley("left", "ipw", "linear"),
  shapley("earned", "entropy", "linear"), shapley("earned", "regression", "linear"),
  shapley("earned", "aipw", "linear")
), "decomposition.csv")

x <- design(people, unname(blocks))
k <- ncol(x)
month <- as.integer(people$month)
months <- max(month)
reweighted <- function(outcome, method) {
  y <- people[[outcome]]
  entropy <- method == "entropy"
  sizes <- c(beta = k, b0 = k, bw = k, x1 = k, x0 = k, xw = k, y1 = 1, y0 = 1,
             total = months, of_month = months, last = 1)
  ends <- cumsum(sizes)
  take <- function(theta, name) theta[(ends[[name]] - sizes[[name]] + 1):ends[[name]]]
  weight_of <- function(beta) exp(drop(x %*% beta)) * !pilot
  shares_of <- function(theta) {
    weight_of(take(theta, "beta")) / take(theta, "total")[month] *
      take(theta, "of_month")[month]
  }
  combined <- list(
    composition = function(t) sum((take(t, "xw") - take(t, "x0")) * take(t, "b0")),
    specification = function(t) sum(take(t, "xw") * (take(t, "bw") - take(t, "b0"))),
    structure = function(t) take(t, "y1") - sum(take(t, "x1") * take(t, "bw")),
    reweighting = function(t) sum((take(t, "x1") - take(t, "xw")) * take(t, "bw"))
  )
  psi_of <- function(combine) function(theta) {
    beta <- take(theta, "beta")
    w <- weight_of(beta)
    s <- shares_of(theta)
    in_month <- outer(month, seq_len(months), "==")
    minus <- function(name) sweep(x, 2, take(theta, name))
    cbind(
      if (entropy) x * (w - pilot) else x * (pilot - plogis(drop(x %*% beta))),
      x * ((!pilot) * (y - drop(x %*% take(theta, "b0")))),
      x * (s * (y - drop(x %*% take(theta, "bw")))),
      minus("x1") * pilot, minus("x0") * !pilot, minus("xw") * s,
      pilot * (y - take(theta, "y1")), (!pilot) * (y - take(theta, "y0")),
      sweep(in_month * w, 2, take(theta, "total") / length(y)),
      sweep(in_month, 2, take(theta, "of_month")) * pilot,
      rep(combine(theta) - take(theta, "last"), length(y))
    )
  }
  beta <- if (entropy) entropy_fit(x, pilot) else score_fit(x, pilot)
  w <- weight_of(beta)
  total <- as.numeric(tapply(w, month, sum))
  of_month <- as.numeric(tapply(pilot, month, sum) / sum(pilot))
  s <- w / total[month] * of_month[month]
  theta <- c(
    beta, coef(lm.fit(x[!pilot, ], y[!pilot])), coef(lm.wfit(x, y, s)),
    colMeans(x[pilot, ]), colMeans(x[!pilot, ]), colSums(x * s),
    mean(y[pilot]), mean(y[!pilot]), total, of_month, 0
  )
  do.call(rbind, lapply(names(combined), function(part) {
    theta[length(theta)] <- combined[[part]](theta)
    data.frame(
      outcome = outcome, method = method, part = part, estimate = theta[length(theta)],
      se = clustered_se(influence_of_last(psi_of(combined[[part]]), theta), people$person)
    )
  }))
}
write_reference(rbind(
  reweighted("left", "aipw"), reweighted("earned", "aipw"), reweighted("earned", "entropy")
), "decomposition_reweighted.csv")

# What each block's means explain by the controls' linear model.
by_line <- function(outcome) {
  b <- coef(lm.fit(x[!pilot, ], people[[outcome]][!pilot]))
  part <- (colMeans(x[pilot, ]) - colMeans(x[!pilot, ])) * b
  term <- attr(model.matrix(reformulate(unname(blocks)), people), "assign")
  data.frame(outcome = outcome, block = names(blocks),
             linear = as.numeric(tapply(part[-1], term[-1], sum)))
}
write_reference(rbind(by_line("left"), by_line("earned")), "decomposition_linear.csv")
writeLines(capture.output(sessionInfo()), "decomposition_session.txt")
