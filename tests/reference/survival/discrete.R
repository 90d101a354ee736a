# The hazard of leaving in an interval of weeks.
#
# Run in this folder: Rscript discrete.R (after cox.R, whose people it reads)
# Every row is cut into its intervals by a plain loop, and glm does the rest. The
# clustered errors are the sandwich of glm's working residuals, summed over people.

write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}

people <- read.csv("cox_people.csv")
people$place <- relevel(factor(people$place), names(which.max(table(people$place))))

# One row per person and interval: part is the part of it at risk. An exit is known to
# its interval only, so whoever leaves counts as at risk until the interval's end.
cut_up <- function(clock, width) {
  start <- if (clock == "entry") rep(0, nrow(people)) else people$weeks_before
  stop <- start + people$weeks
  do.call(rbind, lapply(seq_len(nrow(people)), function(i) {
    periods <- seq(start[i] %/% width, (stop[i] - 1) %/% width)
    until <- if (people$left[i] == 1) (max(periods) + 1) * width else stop[i]
    begun <- pmax(start[i], periods * width)
    ended <- pmin(until, (periods + 1) * width)
    data.frame(
      row = i, period = periods + 1, part = (ended - begun) / width,
      exit = as.integer(people$left[i] == 1 & periods == max(periods))
    )
  }))
}

# Neighbours are joined until a piece has ten exits; the rest joins the last piece.
pieces_of <- function(whole) {
  n <- max(whole$period)
  exits <- tabulate(whole$period[whole$exit == 1], n)
  piece <- integer(n)
  number <- 1
  sum <- 0
  for (t in seq_len(n)) {
    piece[t] <- number
    sum <- sum + exits[t]
    if (sum >= 10) { number <- number + 1; sum <- 0 }
  }
  pmin(piece, number - 1)
}

rows <- list()
for (clock in c("entry", "registration")) for (width in c(1, 4)) {
  all <- cut_up(clock, width)
  for (link in c("cloglog", "logit")) for (weighted in c(FALSE, TRUE)) {
    used <- if (link == "cloglog") all else all[all$part == 1, ]
    used$piece <- factor(pieces_of(used)[used$period])
    data <- cbind(used, people[used$row, ])
    data$counted <- if (weighted) data$weight else 1
    fit <- suppressWarnings(glm(
      exit ~ 0 + piece + pilot + age + place + month + offset(if (link == "cloglog") log(part) else 0 * part),
      binomial(link), data, weights = counted, control = glm.control(epsilon = 1e-15, maxit = 200)
    ))
    scores <- model.matrix(fit) * fit$weights * residuals(fit, "working")
    bread <- summary(fit)$cov.unscaled
    influence <- rowsum(scores, data$person) %*% bread
    terms <- grep("^piece", names(coef(fit)), invert = TRUE, value = TRUE)
    rows[[length(rows) + 1]] <- data.frame(
      clock, width, link, weighted = as.integer(weighted), term = terms,
      coef = coef(fit)[terms], se = sqrt(diag(bread))[terms],
      clustered = sqrt(colSums(influence^2))[terms], log_likelihood = if (weighted) {
        p <- fitted(fit)
        sum(data$counted * ifelse(data$exit == 1, log(p), log(1 - p)))
      } else as.numeric(logLik(fit)),
      n_pieces = nlevels(used$piece)
    )
  }
}
write_reference(do.call(rbind, rows), "discrete.csv")
writeLines(capture.output(sessionInfo()), "discrete_session.txt")
