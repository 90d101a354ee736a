# Boschloo's exact test and adjusted p-values.
#
# Run in this folder: Rscript exact.R
# Boschloo: every table is listed, with Fisher's p-value from fisher.test; the chance of
# the tables that are as extreme is maximised over the common share. p.adjust for Holm
# and for Benjamini and Hochberg.

boschloo <- function(x1, n1, x0, n0, alternative) {
  tables <- expand.grid(a = 0:n1, b = 0:n0)
  fisher <- mapply(function(a, b) {
    fisher.test(
      matrix(c(a, n1 - a, b, n0 - b), 2), alternative = alternative, conf.int = FALSE
    )$p.value
  }, tables$a, tables$b)
  observed <- fisher[tables$a == x1 & tables$b == x0]
  extreme <- tables[fisher <= observed * (1 + 1e-7), ]
  chance <- function(p) sum(dbinom(extreme$a, n1, p) * dbinom(extreme$b, n0, p))
  grid <- seq(0, 1, length.out = 2001)
  best <- grid[which.max(vapply(grid, chance, 0))]
  fine <- optimize(
    chance, c(max(0, best - 5e-4), min(1, best + 5e-4)), maximum = TRUE, tol = 1e-12
  )
  data.frame(
    x1, n1, x0, n0, alternative,
    p_value = max(fine$objective, chance(best)), fisher_p_value = observed
  )
}

write_reference <- function(frame, file) {
  numeric <- vapply(frame, is.double, logical(1))
  frame[numeric] <- lapply(frame[numeric], function(x) sprintf("%.16g", x))
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
}

tables <- rbind(
  c(7, 15, 12, 15), c(7, 9, 2, 10), c(1, 34, 7, 34), c(0, 5, 4, 12), c(5, 5, 0, 4),
  c(3, 10, 3, 10), c(12, 20, 25, 60), c(0, 8, 0, 20)
)
rows <- list()
for (i in seq_len(nrow(tables))) for (side in c("two.sided", "greater", "less")) {
  t <- tables[i, ]
  rows[[length(rows) + 1]] <- boschloo(t[1], t[2], t[3], t[4], side)
}
exact <- do.call(rbind, rows)
exact$alternative <- sub("two.sided", "two-sided", exact$alternative, fixed = TRUE)
write_reference(exact, "exact.csv")

p_values <- c(0.004, 0.21, 0.012, 0.012, NaN, 0.9, 0.0499, 0.63, 0.31, 0.001)
write_reference(data.frame(
  p_value = p_values, holm = p.adjust(p_values, "holm"),
  benjamini_hochberg = p.adjust(p_values, "BH")
), "multiplicity.csv")
writeLines(capture.output(sessionInfo()), "exact_session.txt")
