# Greedy nearest-neighbour matching, by comparing every pilot with every control.
#
# Run in this folder, after weights.R: Rscript matching.R
# Debian's MatchIt (4.5.1) ignores `caliper` and is not exactly greedy, so this is an own
# loop over all pairs: pilots with the greatest number choose first, of equal ones the
# earlier row; with a ratio above one in rounds; of equally near controls the earlier
# row. The numbers have few digits, so that ties are many and distances exact.

people <- head(read.csv("weighted_people.csv", na.strings = ""), 300)
score <- head(read.csv("weights.csv")$score, 300)
line <- list(
  score = round(100 * score),  # whole numbers: many ties
  logit = round(1e6 * qlogis(score))
)
pilot <- people$pilot == 1
typical_sd <- function(x) sqrt((var(x[pilot]) + var(x[!pilot])) / 2)

match_all <- function(x, cell, ratio, replace, caliper) {
  order_of_pilots <- which(pilot)[order(-x[pilot], which(pilot))]
  free <- !pilot
  widest <- caliper * typical_sd(x)
  pairs <- NULL
  had <- lapply(seq_along(x), function(i) integer(0))
  for (round in seq_len(ratio)) for (i in order_of_pilots) {
    open <- which(free & cell == cell[i])
    open <- setdiff(open, had[[i]])
    far <- abs(x[open] - x[i])
    open <- open[far <= widest]
    far <- far[far <= widest]
    if (!length(open)) next
    j <- open[which.min(far)]  # the first of equal ones
    had[[i]] <- c(had[[i]], j)
    if (!replace) free[j] <- FALSE
    pairs <- rbind(pairs, c(i, j))
  }
  pairs[order(pairs[, 1], pairs[, 2]), ]
}

rows <- list()
for (name in names(line)) for (ratio in c(1, 3)) for (replace in c(FALSE, TRUE)) {
  for (caliper in c(Inf, 0.1)) for (exact in c("month", "sex")) {
    cell <- people$month
    if (exact == "sex") cell <- paste(cell, people$sex)
    pairs <- match_all(line[[name]], cell, ratio, replace, caliper)
    rows[[length(rows) + 1]] <- data.frame(
      line = name, ratio = ratio, replace = as.integer(replace), caliper = caliper,
      exact = exact, pilot = pairs[, 1] - 1, control = pairs[, 2] - 1
    )
  }
}
write.csv(do.call(rbind, rows), "matching.csv", row.names = FALSE, quote = FALSE)
write.csv(as.data.frame(line), "matching_lines.csv", row.names = FALSE, quote = FALSE)
writeLines(capture.output(sessionInfo()), "matching_session.txt")
