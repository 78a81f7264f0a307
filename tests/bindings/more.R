# The R package over the fixtures of this repository: Rscript more.R ROOT DUMP ANSWERS [SHARED]. DUMP is tests/bindings/dump.c
# and ANSWERS tests/modules/answers.c, built.
library(imageio)
args <- commandArgs(trailingOnly = TRUE)
root <- args[1]
dump <- args[2]
answers <- args[3]
shared <- if (length(args) > 3) args[4] else file.path(root, "../shared")
fixture <- function(name) file.path(root, "tests/data", name)
skip <- function(...) cat("SKIPPED: r:", ..., "\n")
scratch <- tempfile("r")
dir.create(scratch)
at <- function(name) file.path(scratch, name)
caught <- function(code) tryCatch({ code; NULL }, condition = function(e) e)
is_a <- function(code, kind) {
  e <- caught(code)
  ok <- inherits(e, kind) && nzchar(conditionMessage(e))
  if (!ok) cat("expected", kind, "got", class(e), if (!is.null(e)) conditionMessage(e), "\n")
  ok
}

# --- the same pixels as C gets

numbers <- function(raw, dtype) {
  kind <- switch(dtype, uint8 = , bool = list(integer(), 1, FALSE), uint16 = list(integer(), 2, FALSE), int16 = list(integer(), 2, TRUE),
    int32 = list(integer(), 4, TRUE), float32 = list(double(), 4, TRUE), float64 = list(double(), 8, TRUE))
  readBin(raw, kind[[1]], length(raw) / kind[[2]], kind[[2]], signed = kind[[3]])
}
# The values of `a` as C has them: the last axis the fastest. `said` are the letters as C has them.
c_order <- function(a, axes, said) {
  axes <- strsplit(axes, "")[[1]]
  said <- strsplit(said, "")[[1]]
  # Of axes with one letter the slower one stands last in R.
  place <- integer(length(axes))
  for (letter in unique(said)) place[axes == letter] <- rev(which(said == letter))
  as.vector(aperm(a, rev(order(place))))
}
seen <- 0
lists <- list.files(file.path(root, "tests/data"), "^expected.txt$", recursive = TRUE, full.names = TRUE)
for (list in lists) for (line in readLines(list)) {
  fields <- strsplit(line, " +")[[1]]
  if (startsWith(line, "#") || length(fields) < 7 || endsWith(fields[4], "b")) next
  path <- file.path(dirname(list), fields[1])
  if (!file.exists(path) || !fields[3] %in% c("bool", "uint8", "uint16", "int16", "int32", "float32", "float64")) next
  x <- tryCatch(imread(path, as = if (startsWith(fields[3], "float")) "numeric" else "integer"),
    imageio_error_plugin_unavailable = function(e) skip(path, conditionMessage(e)))
  if (is.null(x)) next
  out <- at("dump")
  said <- strsplit(system2(dump, c(shQuote(path), "default", out), stdout = TRUE), " ")[[1]]
  p <- improps(path)
  stopifnot(p$dtype == said[1], identical(sort(p$dim), sort(as.integer(said[-(1:2)]))), identical(dim(x), p$dim))
  stopifnot(identical(c_order(array(x, dim(x)), p$axes, said[2]), numbers(readBin(out, "raw", file.size(out)), said[1])))
  seen <- seen + 1
}
cat(seen, "fixtures are what C gives\n")
stopifnot(seen > 200)

# --- every class of error

rgb <- imread(fixture("rgb8.png"))
bytes <- readBin(fixture("rgb8.png"), "raw", 1e5)
file <- imopen(fixture("rgb8.png"))
stopifnot(
  is_a(imread(at("none.png")), "imageio_error_not_found"),
  is_a(imopen(fixture("rgb8.png"), "q"), "imageio_error_invalid_argument"),
  is_a(imread(fixture("rgb8.png"), plugin = "nobody"), "imageio_error_unknown_plugin"),
  is_a(imread(charToRaw("no picture at all")), "imageio_error_no_backend"),
  is_a(imread(bytes[1:(length(bytes) - 60)]), "imageio_error_corrupt"),
  is_a(imread(bytes, index = 2), "imageio_error_index"),
  is_a(imread(bytes, index = 0), "imageio_error_index"),
  is_a(imwrite(at("a.png"), rgb, compres_level = 1), "imageio_error_unknown_option"),
  is_a(imwrite(at("a.png"), rgb, compress_level = 100), "imageio_error_invalid_option"),
  is_a(imwrite(at("a.png"), rgb, dtype = "float32"), "imageio_error_shape"),
  is_a(imread(bytes, max_pixels = 10), "imageio_error_limit"),
  is_a(imread(bytes, progress = function(done, total) FALSE), "imageio_error_cancelled"),
  is_a(imwrite(file, rgb), "imageio_error_mode"),
  is_a(imread(file, progress = function(done, total) imread(file)), "imageio_error_busy"),
  is_a(imwrite("<bytes>", rgb), "imageio_error"))
two <- imopen(at("two.bmp"), "w")
imwrite(two, rgb)
stopifnot(is_a(imwrite(two, rgb), "imageio_error_unsupported"))
imdiscard(two)
stopifnot(!file.exists(at("two.bmp")))
e <- caught(imread(at("none.png")))
stopifnot(e$details$os_error == 2, e$details$resource == at("none.png"), inherits(e, "error"))
e <- caught(imread(charToRaw("no picture at all"), extension = ".png"))
stopifnot("image" %in% vapply(e$details$candidates, `[[`, "", "plugin"))
# The system's own: a folder of the kernel's takes no files, its memory cannot be read, and not every plugin is built in.
stopifnot(is_a(imread("/proc/self/mem"), "imageio_error_io"), is_a(imread(fixture("rgb8.png"), plugin = "itk"), "imageio_error_plugin_unavailable"))
# Every status there is, out of a file and out of a read, from a plugin that answers what it is told.
statuses <- c("invalid_argument", "not_found", "permission", "io", "unknown_plugin", "no_backend", "plugin_unavailable", "unsupported",
  "corrupt", "index", "buffer_too_small", "unknown_option", "invalid_option", "shape", "limit", "cancelled", "mode", "network",
  "out_of_memory", "busy")
stopifnot(is_a(imload(at("none.so")), "imageio_error_not_found"))
imload(answers)
stopifnot("answers" %in% names(implugins()))
for (when in c("open", "read")) for (code in c(seq_along(statuses), 99)) {
  kind <- if (code == 99) "internal" else statuses[code]
  question <- charToRaw(sprintf("%s -%d", when, code))
  stopifnot(is_a(imread(question, plugin = "answers"), paste0("imageio_error_", kind)))
  e <- caught(imread(question, plugin = "answers"))
  stopifnot(inherits(e, "imageio_error"), grepl(sprintf("the answer is -%d", code), conditionMessage(e)), e$details$plugin == "answers")
  writeBin(question, at("q.answer"))
  e <- caught(imread(at("q.answer"), plugin = "answers"))
  stopifnot(inherits(e, paste0("imageio_error_", kind)), e$details$resource == at("q.answer"))
}

# --- handles: dead pointers, saved ones, any order of endings

close(file)
close(file)
stopifnot(is_a(imread(file), "imageio_error_invalid_argument"), is_a(imwrite(file, rgb), "imageio_error_invalid_argument"))
file <- imopen(fixture("skip.gif"))
saved <- at("saved.rds")
saveRDS(file, saved)
stopifnot(is_a(imread(readRDS(saved)), "imageio_error_invalid_argument"), imcount(file) == 3, implugin(file) == "image")
frames <- imiter(file, as = "integer")
close(file)
rm(file)
invisible(gc())
stopifnot(identical(array(imnext(frames), c(17, 23, 3)), array(imread(fixture("skip.gif"), 1, as = "integer"), c(17, 23, 3))))
stopifnot(immeta(frames)$time_s == 0)
imseek(frames, 3)
stopifnot(!is.null(imnext(frames)), is.null(imnext(frames)), is.null(improps(frames)))
close(frames)
stopifnot(is_a(imnext(frames), "imageio_error_invalid_argument"))
f <- function() {
  file <- imopen(at("unfinished.png"), "w")
  on.exit(close(file))
  imwrite(file, rgb)
}
f()
stopifnot(file.exists(at("unfinished.png")))

# --- streams, conditions from inside, interrupts

con <- rawConnection(bytes, "rb")
stopifnot(identical(imread(con), rgb), improps(bytes)$color == "rgb", identical(immeta(bytes), immeta(fixture("rgb8.png"))))
close(con)
con <- file(fixture("rgb8.png"), "rb")
stopifnot(identical(imread(con), rgb))
close(con)
con <- rawConnection(raw(0), "wb")
imwrite(con, rgb, extension = ".png")
stopifnot(identical(imread(rawConnectionValue(con)), rgb))
close(con)
stopifnot(identical(conditionMessage(caught(imread(imstream(read = function(n) stop("the cable is out"))))), "the cable is out"))
stopifnot(identical(conditionMessage(caught(imwrite(imstream(write = function(b) stop("full")), rgb, extension = ".png"))), "full"))
stopifnot(identical(conditionMessage(caught(imread(bytes, progress = function(a, b) stop("mine")))), "mine"))
# A shell starts what runs in its background with SIGINT ignored, and R since 4.5 leaves it so.
signals <- grep("^SigIgn:", readLines("/proc/self/status"), value = TRUE)
if (bitwAnd(strtoi(substring(signals, nchar(signals)), 16L), 2L) != 0L) {
  cat("SKIPPED: r: an interrupt, for SIGINT is ignored here\n")
} else {
  stopifnot(inherits(caught(imread(bytes, progress = function(a, b) { tools::pskill(Sys.getpid(), tools::SIGINT); Sys.sleep(2) })), "interrupt"))
}
stopifnot(identical(imread(bytes), rgb))
imlog(function(level, message) NULL)
imlog()

# --- what other plugins read, where they are here

# A 16-bit stack of other hands, as tifffile wrote it for ImageJ: 10 x 12, of 2 channels, 3 planes and 2 times.
path <- fixture("tiff_flavours/imagej.tif")
x <- imread(path, as = "integer")
flat <- array(x, c(10, 12, 12))
stopifnot(identical(dim(x), c(10L, 12L, 2L, 3L, 2L)), improps(path)$axes == "YXCZT", improps(path)$dtype == "uint16")
pages <- imiter(path, pages = TRUE, as = "integer")
for (i in 1:12) stopifnot(all(imnext(pages) == flat[, , i]))
stopifnot(is.null(imnext(pages)), all(imread(path, page = 3, as = "integer") == flat[, , 4]))
stopifnot(identical(dim(imread(fixture("tiff_flavours/imagej_virtual.tif"))), c(10L, 12L, 5L)))
stopifnot(identical(dim(imread(fixture("tiff/rgb_planar.tif"))), c(11L, 14L, 3L)), is.complex(imread(fixture("tiff/gray_complex64.tif"), as = "complex")))
# One of our own.
stack <- array(as.integer(1:(9 * 7 * 5) * 200), c(9, 7, 5))
imwrite(at("stack.tif"), stack, dtype = "uint16")
stopifnot(all(unclass(imread(at("stack.tif"), as = "integer")) == stack), improps(at("stack.tif"))$dtype == "uint16")
stopifnot(improps(at("stack.tif"), "all", pages = TRUE)$n_images == 5)
stopifnot(all(unclass(imread(at("stack.tif"), "all", pages = TRUE, as = "integer")) == stack))

# A video, written by the module itself without loss; where the module is not there, it says so.
frames <- lapply(1:12, function(n) array(as.integer(outer(5 * (1:36), 7 * (1:52), `+`)) + rep(31L * n * (1:3), each = 36 * 52), c(36, 52, 3)) %% 256L)
e <- caught({
  film <- imopen(at("film.mkv"), "w", codec = "ffv1")
  for (frame in frames) imwrite(film, frame, dtype = "uint8", fps = 10)
  close(film)
})
if (inherits(e, "imageio_error_plugin_unavailable")) {
  skip("a video:", conditionMessage(e))
} else {
  stopifnot(is.null(e), implugin(imopen(at("film.mkv"))) == "ffmpeg")
  film <- imiter(at("film.mkv"), as = "integer")
  for (n in seq_along(frames)) stopifnot(all(imnext(film) == frames[[n]]))
  stopifnot(is.null(imnext(film)), all(imread(at("film.mkv"), 7, as = "integer") == frames[[7]]))
  imseek(film, 5)
  imnext(film)
  stopifnot(abs(immeta(film)$time_s - 0.4) < 1e-3, abs(immeta(at("film.mkv"))$fps - 10) < 1e-9)
  stopifnot(is_a(imread(at("film.mkv"), 13), "imageio_error_index"), identical(dim(imread(at("film.mkv"), "all")), c(36L, 52L, 3L, 12L)))
  real <- file.path(shared, "images/cockatoo.mp4")
  if (!file.exists(real)) skip("cockatoo.mp4: not at IIO_SHARED") else {
    film <- imiter(real, stop = 3, as = "integer")
    n <- 0
    while (!is.null(frame <- imnext(film))) {
      n <- n + 1
      stopifnot(all(frame == imread(real, n, as = "integer")))
    }
    stopifnot(n == 3)
  }
}

# --- ten thousand opens that nobody closes

resident <- function() as.numeric(strsplit(readLines("/proc/self/statm"), " ")[[1]][2]) * 4096
open_many <- function(n) {
  for (i in seq_len(n)) {
    file <- imopen(fixture("skip.gif"))
    if (i %% 3 == 0) imnext(imiter(file))
    if (i %% 5 == 0) imopen(bytes)
    if (i %% 7 == 0) immeta(file)
    if (i %% 11 == 0) caught(imread(file, 99))
    if (i %% 100 == 0) gc(full = FALSE)
  }
  invisible(gc())
}
open_many(3000)
before <- resident()
open_many(10000)
grown <- resident() - before
cat("10 000 opens:", round(grown / 1024), "KiB more\n")
stopifnot(grown < 16 * 2^20, length(list.files("/proc/self/fd")) < 100)

# --- the programs in docs/r.md and the package's README, in a folder that holds what they speak of

here <- at("page")
dir.create(here)
file.copy(fixture("rgb420.jpg"), file.path(here, "photo.jpg"))
file.copy(fixture("skip.gif"), file.path(here, "film.gif"))
setwd(here)
pdf(NULL)
reader <- new.env()
run <- 0
for (page in c("docs/r.md", "bindings/r/README.md")) {
  page <- readLines(file.path(root, page))
  for (start in which(page == "```r")) {
    end <- min(which(page == "```" & seq_along(page) > start))
    eval(parse(text = page[(start + 1):(end - 1)]), reader)
    run <- run + 1
  }
}
stopifnot(run >= 9)
cat("docs/r.md:", run, "programs run\n")
