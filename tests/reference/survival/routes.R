# Cumulative incidence of exit routes, Gray's test, and the same with delayed entry,
# weights and people who recur.
#
# Run in this folder: Rscript routes.R
# Everybody from week 0: cmprsk::cuminc, its variance and its tests. Delayed entry and
# weights: the multi-state survfit of survival; its infinitesimal jackknife, times the
# row's weight and summed over the rows of a person (without the factor G / (G - 1)).

suppressMessages(library(cmprsk))

set.seed(1910)
n <- 500
routes <- c("other", "training", "work")
people <- data.frame(person = sprintf("p%03d", sample(260, n, replace = TRUE)))
people$pilot <- rbinom(n, 1, 0.4)
people$month <- sample(c("2021-01", "2021-02", "2021-03"), n, replace = TRUE)
people$weeks_before <- rpois(n, 9)
speed <- exp(rnorm(260, 0, 0.6))[as.integer(substr(people$person, 2, 4))]
weeks <- ceiling(rexp(n, 0.05 * speed * (1 + 0.3 * people$pilot)))
open <- sample(4:40, n, replace = TRUE)
people$weeks <- pmin(weeks, open)
people$exited <- as.integer(weeks <= open)
people$exit_to <- ifelse(
  people$exited == 1, sample(routes, n, replace = TRUE, prob = c(.2, .3, .5)), ""
)
people$weight <- ifelse(people$pilot == 1, 1, round(runif(n, 0.2, 2), 3))
write.csv(people, "routes_people.csv", row.names = FALSE, quote = FALSE)

write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}

cause <- match(people$exit_to, routes, nomatch = 0)
plain <- cuminc(people$weeks, cause, people$pilot)
stratified <- cuminc(people$weeks, cause, people$pilot, people$month)
last <- tapply(people$weeks, people$pilot, max)
at <- seq_len(min(last))
points <- timepoints(plain, at)
table <- do.call(rbind, lapply(rownames(points$est), function(name) {
  part <- strsplit(name, " ")[[1]]
  data.frame(
    pilot = as.integer(part[1]), exit_to = routes[as.integer(part[2])], weeks = at,
    incidence = points$est[name, ], variance = points$var[name, ]
  )
}))
write_reference(table[!is.na(table$incidence), ], "routes_incidence.csv")

tests <- function(found, strata) {
  data.frame(
    strata = strata, exit_to = routes[as.integer(rownames(found$Tests))],
    statistic = found$Tests[, "stat"], df = as.integer(found$Tests[, "df"]),
    p_value = found$Tests[, "pv"]
  )
}
write_reference(rbind(tests(plain, ""), tests(stratified, "month")), "routes_gray.csv")

# People recur and, on the clock of registration, enter late; weights as they are given.
event <- factor(cause, 0:3, c("censored", routes))
curves <- function(clock, weighted) {
  entry <- if (clock == "registration") people$weeks_before else 0 * people$weeks
  end <- entry + people$weeks
  do.call(rbind, lapply(1:0, function(group) {
    own <- people$pilot == group
    weight <- if (weighted) people$weight[own] else rep(1, sum(own))
    fit <- survfit(
      Surv(entry[own], end[own], event[own]) ~ 1, id = seq_len(sum(own)),
      weights = weight, influence = TRUE
    )
    do.call(rbind, lapply(routes, function(route) {
      column <- match(route, fit$states)
      sums <- rowsum(weight * fit$influence.pstate[, -1, column], people$person[own])
      data.frame(
        clock = clock, weighted = as.integer(weighted), pilot = group, exit_to = route,
        weeks = fit$time, incidence = fit$pstate[, column],
        jackknife = sqrt(colSums(sums^2))
      )
    }))
  }))
}
write_reference(
  rbind(
    curves("entry", FALSE), curves("entry", TRUE), curves("registration", FALSE),
    curves("registration", TRUE)
  ),
  "routes_multistate.csv"
)

session <- capture.output(sessionInfo())
writeLines(session, "routes_session.txt")
