# Differences by subgroup, and interaction tests clustered on person.
#
# Run in this folder: Rscript subgroups.R
# The saturated linear model of subgroup, month and group on people.csv, its variance
# from sandwich::vcovCL; subgroups are contrasts with Mantel-Haenszel weights, and the
# interaction test is Wald's on their differences from the first.

suppressMessages(library(sandwich))

people <- read.csv("people.csv")
people$district <- c("north", "middle", "south")[
  as.integer(substr(people$place, 2, 3)) %/% 4 + 1
]
people$quarter <- paste0("Q", (as.integer(substr(people$month, 6, 7)) + 2) %/% 3)

by_subgroup <- function(outcome, by) {
  people$cell <- paste(people[[by]], people$month)
  n1 <- tapply(people$pilot, people$cell, sum)
  n0 <- tapply(1 - people$pilot, people$cell, sum)
  used <- people[people$cell %in% names(n1)[n1 > 0 & n0 > 0], ]
  cells <- sort(unique(used$cell))
  used$cell <- factor(used$cell, cells)
  model <- lm(used[[outcome]] ~ 0 + cell + cell:pilot, used)
  slopes <- paste0("cell", cells, ":pilot")
  v <- vcovCL(model, cluster = used$person, type = "HC0", cadjust = TRUE)
  v <- v[slopes, slopes]
  d <- coef(model)[slopes]
  w <- (n1 * n0 / (n1 + n0))[cells]
  own <- sapply(strsplit(cells, " "), `[`, 1)
  levels <- sort(unique(own))
  a <- t(sapply(levels, function(l) ifelse(own == l, w, 0) / sum(w[own == l])))
  estimate <- drop(a %*% d)
  covariance <- a %*% v %*% t(a)
  apart <- cbind(-1, diag(length(levels) - 1))
  q <- drop(
    t(apart %*% estimate) %*% solve(apart %*% covariance %*% t(apart), apart %*% estimate)
  )
  data.frame(
    outcome, by, subgroup = levels, estimate, se = sqrt(diag(covariance)), q,
    df = length(levels) - 1,
    p_value = pchisq(q, length(levels) - 1, lower.tail = FALSE)
  )
}

write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}
write_reference(rbind(
  by_subgroup("left", "district"), by_subgroup("weeks", "district"),
  by_subgroup("left", "quarter"), by_subgroup("left", "month")
), "subgroups.csv")
writeLines(capture.output(sessionInfo()), "subgroups_session.txt")
