/* Plugins registered from C: choice, overriding and taking back, what the registry tells, options, functions. */
#include "files.h"
#include "images.h"
#include "options.h"
#include "toy_plugin.h"

static const uint64_t shape[3] = {4, 5, 3};

static iio_status enter(toy *owner, const char *declaration) {
  iio_plugin p = toy_plugin(owner, declaration);
  return iio_register_plugin(&p);
}

static void toy_file_at(const char *path) {
  size_t size;
  unsigned char *data = toy_bytes(IIO_UINT8, 3, shape, 2, &size);
  spit(path, data, size);
  free(data);
}

/* "" if it cannot be opened. */
static const char *plugin_for(const char *path, const char *json) {
  static char name[64];
  iio_dict *options = json ? options_of(json) : NULL;
  iio_file *file = NULL;
  *name = 0;
  if (iio_imopen(path, "r", options, &file) == IIO_OK) print_to(name, sizeof name, "%s", iio_file_plugin(file));
  iio_file_discard(file);
  iio_dict_free(options);
  return name;
}

static void a_plugin_serves_its_extension_until_it_is_taken_back(void) {
  toy t = {0};
  toy_file_at(scratch("a.toy1"));
  CHECK_STRING(plugin_for(scratch("a.toy1"), NULL), "");
  REQUIRE_OK(enter(&t, TOY_DECLARATION("toy", "")));
  CHECK_STRING(plugin_for(scratch("a.toy1"), NULL), "toy");
  CHECK_STRING(plugin_for(scratch("a.toy1"), "{'plugin': 'toy'}"), "toy");
  CHECK_STRING(plugin_for(scratch("a.toy1"), "{'plugin': 'toy-alias'}"), "toy");
  CHECK_STRING(plugin_for(fixture("rgb8.png"), NULL), "image");
  canvas c = canvas_new(IIO_UINT16, 3, shape, 1);
  CHECK_OK(iio_imwrite(scratch("b.toy1"), &c.array, NULL));
  picture p = picture_at(scratch("b.toy1"), 0, NULL);
  CHECK(p.status == IIO_OK && memcmp(p.pixels.data, c.data, p.pixels.size) == 0);
  picture_free(&p);
  CHECK_INT(t.n.finishes, 1);
  CHECK_INT(t.n.destroys, 0);
  CHECK_OK(iio_unregister_plugin("toy"));
  CHECK_INT(t.n.destroys, 1);
  CHECK_INT(t.n.opens, t.n.closes);
  CHECK_STRING(plugin_for(scratch("a.toy1"), NULL), "");
  CHECK_STATUS(iio_imwrite(scratch("c.toy1"), &c.array, NULL), IIO_ERROR_NO_BACKEND);
  CHECK_ERROR(iio_unregister_plugin("toy"));
  CHECK_INT(t.n.destroys, 1);
  canvas_free(&c);
}

static void the_declaration_and_the_struct_are_copied(void) {
  toy t = {0};
  char *declaration = malloc(4096);
  iio_plugin *p = malloc(sizeof *p);
  REQUIRE(declaration && p);
  snprintf(declaration, 4096, "%s", TOY_DECLARATION("copied", ""));
  *p = toy_plugin(&t, declaration);
  CHECK_OK(iio_register_plugin(p));
  memset(declaration, 'x', 4096);
  memset(p, 0xEE, sizeof *p);
  free(declaration);
  free(p);
  toy_file_at(scratch("a.toy1"));
  CHECK_STRING(plugin_for(scratch("a.toy1"), NULL), "copied");
  CHECK_OK(iio_unregister_plugin("copied"));
}

static void the_content_decides_over_the_name(void) {
  toy t = {0};
  toy_file_at(scratch("toy_named.png"));
  REQUIRE(copy_file(fixture("rgb8.png"), scratch("png_named.toy1")) == 0);
  REQUIRE_OK(enter(&t, TOY_DECLARATION("toy", "")));
  CHECK_STRING(plugin_for(scratch("toy_named.png"), NULL), "toy");
  CHECK_STRING(plugin_for(scratch("png_named.toy1"), NULL), "image");
  CHECK_OK(iio_unregister_plugin("toy"));
}

static void an_explicit_plugin_wins_and_no_other_is_tried(void) {
  toy t = {0};
  REQUIRE_OK(enter(&t, TOY_DECLARATION("toy", "")));
  toy_file_at(scratch("a.toy1"));
  CHECK_STRING(plugin_for(fixture("rgb8.png"), "{'plugin': 'toy'}"), "");
  CHECK_STRING(plugin_for(scratch("a.toy1"), "{'plugin': 'image'}"), "");
  CHECK_STRING(plugin_for(scratch("a.toy1"), "{'plugin': 'Toy'}"), ""); /* as imageio: case counts */
  CHECK_OK(iio_unregister_plugin("toy"));
}

static void a_built_in_name_can_be_overridden_and_comes_back(void) {
  toy t = {0};
  toy_file_at(scratch("a.toy1"));
  iio_file *former = NULL, *mine = NULL;
  unsigned char pixels[429];
  REQUIRE_OK(iio_imopen(fixture("rgb8.png"), "r", NULL, &former));
  REQUIRE_OK(enter(&t, TOY_DECLARATION("image", "")));
  iio_dict *options = options_of("{'plugin': 'image'}");
  if (CHECK_OK(iio_imopen(scratch("a.toy1"), "r", options, &mine))) CHECK_INT(t.n.open_files, 1);
  CHECK_OK(iio_file_read(former, 0, NULL, pixels, sizeof pixels, NULL)); /* open files keep theirs */
  CHECK_OK(iio_unregister_plugin("image"));
  CHECK_INT(t.n.destroys, 0); /* not while a file of it is open */
  CHECK_OK(iio_file_read(mine, 0, NULL, pixels, sizeof pixels, NULL));
  CHECK_OK(iio_file_close(mine));
  CHECK_INT(t.n.destroys, 1);
  CHECK_STRING(plugin_for(fixture("rgb8.png"), "{'plugin': 'image'}"), "image");
  CHECK_OK(iio_imread(fixture("rgb8.png"), 0, NULL, pixels, sizeof pixels, NULL));
  CHECK_OK(iio_file_close(former));
  iio_dict_free(options);
}

static void one_of_our_own_can_be_overridden_many_times(void) {
  toy t[3] = {{.stamp = 0}, {.stamp = 1}, {.stamp = 2}};
  unsigned char plain[60], pixels[60];
  toy_file_at(scratch("a.toy1"));
  for (int i = 0; i < 3; i++) {
    REQUIRE_OK(enter(&t[i], TOY_DECLARATION("stacked", "")));
    CHECK_OK(iio_imread(scratch("a.toy1"), 0, NULL, i ? pixels : plain, 60, NULL));
    if (i) CHECK_INT((unsigned char)(pixels[0] - plain[0]), i);
  }
  for (int i = 2; i >= 0; i--) {
    CHECK_OK(iio_imread(scratch("a.toy1"), 0, NULL, pixels, 60, NULL));
    CHECK_INT((unsigned char)(pixels[0] - plain[0]), i);
    CHECK_OK(iio_unregister_plugin("stacked"));
    CHECK_INT(t[i].n.destroys, 1);
    if (i) CHECK_INT(t[i - 1].n.destroys, 0);
  }
  CHECK_ERROR(iio_unregister_plugin("stacked"));
}

static void iterators_and_writers_keep_their_plugin_too(void) {
  toy t = {0};
  iio_iter *it = NULL;
  iio_file *file = NULL;
  unsigned char pixels[60];
  canvas c = canvas_new(IIO_UINT8, 3, shape, 1);
  toy_file_at(scratch("a.toy1"));
  REQUIRE_OK(enter(&t, TOY_DECLARATION("toy", "")));
  REQUIRE_OK(iio_imiter(scratch("a.toy1"), NULL, &it));
  REQUIRE_OK(iio_imopen(scratch("kept.toy1"), "w", NULL, &file));
  CHECK_OK(iio_unregister_plugin("toy"));
  CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
  CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
  iio_iter_free(it);
  CHECK_INT(t.n.destroys, 0);
  CHECK_OK(iio_file_write(file, &c.array, NULL));
  CHECK_OK(iio_file_close(file));
  CHECK_INT(t.n.destroys, 1);
  CHECK(file_size(scratch("kept.toy1")) > 60);
  canvas_free(&c);
}

static void a_built_in_extension_can_be_given_to_another(void) {
  toy t = {0};
  canvas c = canvas_new(IIO_UINT8, 3, shape, 1);
  REQUIRE_OK(enter(&t, TOY_DECLARATION("toypng", ", \".png\"")));
  CHECK_OK(iio_set_priority(".png", "toypng,image"));
  CHECK_OK(iio_imwrite(scratch("whose.png"), &c.array, NULL));
  bytes b = slurp(scratch("whose.png"));
  CHECK(b.size > 4 && memcmp(b.data, "TOY1", 4) == 0);
  free(b.data);
  CHECK_STRING(plugin_for(scratch("whose.png"), NULL), "toypng");
  CHECK_STRING(plugin_for(fixture("rgb8.png"), NULL), "image"); /* its probe says no: the next is asked */
  CHECK_OK(iio_set_priority(".png", "image,toypng"));
  CHECK_OK(iio_imwrite(scratch("whose.png"), &c.array, NULL));
  CHECK_STRING(plugin_for(scratch("whose.png"), NULL), "image");
  CHECK_OK(iio_set_priority(".png", "toypng,image"));
  CHECK_OK(iio_unregister_plugin("toypng"));
  CHECK_OK(iio_imwrite(scratch("whose.png"), &c.array, NULL));
  CHECK_STRING(plugin_for(scratch("whose.png"), NULL), "image");
  CHECK_OK(iio_set_priority(".png", "image"));
  canvas_free(&c);
}

static void a_registered_plugin_comes_before_the_built_in_ones(void) {
  toy t = {0};
  canvas c = canvas_new(IIO_UINT8, 3, shape, 1);
  REQUIRE_OK(enter(&t, TOY_DECLARATION("first", ", \".bmp\"")));
  CHECK_OK(iio_imwrite(scratch("first.bmp"), &c.array, NULL));
  CHECK_INT(t.n.writes, 1);
  CHECK_OK(iio_unregister_plugin("first"));
  CHECK_OK(iio_imwrite(scratch("first.bmp"), &c.array, NULL));
  CHECK_INT(t.n.writes, 1);
  canvas_free(&c);
}

static void priorities_take_no_nonsense(void) {
  CHECK_STATUS(iio_set_priority(".png", "no-such-plugin"), IIO_ERROR_UNKNOWN_PLUGIN);
  CHECK_MENTIONS(iio_error_message(), "no-such-plugin");
  CHECK_STRING(plugin_for(fixture("rgb8.png"), NULL), "image");
}

static void a_registration_that_fails_destroys_once(void) {
  static const char *const wrong[] = {"", "{", "[]", "{}", "{\"name\": 5}", "{\"name\": \"\"}", "{\"name\": \"x\", \"extensions\": 7}", "{\"name\": \"x\", \"options\": 7}", "{\"name\": \"\xff\"}"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    SUBJECT("%s", wrong[i]);
    toy t = {0};
    CHECK_STATUS(enter(&t, wrong[i]), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_INT(t.n.destroys, 1);
  }
  SUBJECT("no declaration");
  toy t = {0};
  CHECK_REFUSED(enter(&t, NULL));
  CHECK_INT(t.n.destroys, 1);
}

static void the_registry_tells_what_was_declared(void) {
  toy t = {0};
  iio_dict *all = NULL;
  const iio_dict *mine = NULL, *part = NULL;
  const char *text = NULL;
  int32_t flag = 0;
  REQUIRE_OK(enter(&t, TOY_DECLARATION("toy", "")));
  REQUIRE_OK(iio_plugins(&all));
  CHECK_OK(iio_unregister_plugin("toy"));
  REQUIRE_OK(iio_dict_get_dict(all, "toy", &mine));
  CHECK_OK(iio_dict_get_string(mine, "description", &text));
  CHECK_STRING(text, "a toy of the tests");
  CHECK_OK(iio_dict_get_bool(mine, "can_read", &flag));
  CHECK(flag);
  CHECK_OK(iio_dict_get_bool(mine, "can_write", &flag));
  CHECK(flag);
  CHECK_OK(iio_dict_get_bool(mine, "available", &flag));
  CHECK(flag);
  CHECK_OK(iio_dict_get_dict(mine, "aliases", &part));
  CHECK_OK(iio_dict_get_string(part, "0", &text));
  CHECK_STRING(text, "toy-alias");
  CHECK_OK(iio_dict_get_dict(mine, "extensions", &part));
  CHECK_OK(iio_dict_get_string(part, "0", &text));
  CHECK_STRING(text, ".toy1");
  static char json[1 << 16];
  size_t needed = 0;
  static const char *const words[] = {"invert", "crop", "delay_ms", "rows to leave out at the top"};
  CHECK_OK(iio_dict_get_json(mine, "options", json, sizeof json, &needed));
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) CHECK_MENTIONS(json, words[i]);
  CHECK_OK(iio_dict_get_json(mine, "functions", json, sizeof json, &needed));
  CHECK_MENTIONS(json, "echo");
  iio_dict_free(all);
}

static void the_registry_tells_of_the_built_in_ones(void) {
  iio_dict *all = NULL;
  const iio_dict *image = NULL, *part = NULL;
  REQUIRE_OK(iio_plugins(&all));
  REQUIRE_OK(iio_dict_get_dict(all, "image", &image));
  static const char *const keys[] = {"aliases", "description", "extensions", "can_read", "can_write", "available", "options", "functions"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) CHECK(iio_dict_kind(image, keys[i]) != IIO_KIND_ABSENT);
  char json[32768];
  size_t needed = 0;
  CHECK_OK(iio_dict_get_json(image, "options", json, sizeof json, &needed));
  static const char *const options[] = {"compress_level", "quality", "duration", "loop", "lossless"};
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) CHECK_MENTIONS(json, options[i]);
  CHECK_OK(iio_dict_get_json(image, "aliases", json, sizeof json, &needed));
  CHECK_MENTIONS(json, "\"pillow\"");
  CHECK_OK(iio_dict_get_dict(image, "extensions", &part));
  CHECK(iio_dict_len(part) >= 5);
  iio_dict_free(all);
}

static void formats_tell_who_is_asked(void) {
  iio_dict *all = NULL;
  const iio_dict *format = NULL, *list = NULL;
  const char *text = NULL;
  static const char *const extensions[] = {".png", ".jpg", ".gif", ".bmp", ".webp"};
  REQUIRE_OK(iio_formats(&all));
  for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
    SUBJECT("%s", extensions[i]);
    int32_t flag = 0;
    if (!CHECK_OK(iio_dict_get_dict(all, extensions[i], &format))) continue;
    CHECK_OK(iio_dict_get_string(format, "name", &text));
    CHECK_OK(iio_dict_get_string(format, "description", &text));
    CHECK_OK(iio_dict_get_bool(format, "can_read", &flag));
    CHECK(flag);
    CHECK_OK(iio_dict_get_bool(format, "can_write", &flag));
    CHECK(flag);
    CHECK_OK(iio_dict_get_dict(format, "priority", &list));
    CHECK_OK(iio_dict_get_string(list, "0", &text));
    CHECK_STRING(text, "image");
  }
  iio_dict_free(all);
}

static void options_of_a_c_plugin_are_checked(void) {
  static const struct { const char *json; iio_status status; const char *word; } cases[] = {
    {"{'crop': 1}", IIO_OK, NULL}, {"{'crop': 1.0}", IIO_OK, NULL}, {"{'crop': '1'}", IIO_OK, NULL}, {"{'invert': 1}", IIO_OK, NULL}, {"{'invert': 'true'}", IIO_OK, NULL},
    {"{'crop': 'one'}", IIO_ERROR_INVALID_OPTION, "crop"}, {"{'crop': 1.5}", IIO_ERROR_INVALID_OPTION, "crop"}, {"{'invert': 3}", IIO_ERROR_INVALID_OPTION, "invert"}, {"{'crop': 99}", IIO_ERROR_INVALID_OPTION, "crop"},
    {"{'corp': 1}", IIO_ERROR_UNKNOWN_OPTION, "crop"}, {"{'note': 'x'}", IIO_ERROR_UNKNOWN_OPTION, "note"}, {"{'quality': 5}", IIO_ERROR_UNKNOWN_OPTION, "toy"}};
  toy t = {0};
  toy_file_at(scratch("a.toy1"));
  REQUIRE_OK(enter(&t, TOY_DECLARATION("toy", "")));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    SUBJECT("%s", cases[i].json);
    iio_dict *options = options_of(cases[i].json);
    unsigned char pixels[60];
    CHECK_STATUS(iio_imread(scratch("a.toy1"), 0, options, pixels, sizeof pixels, NULL), cases[i].status);
    if (cases[i].word) CHECK_MENTIONS(iio_error_message(), cases[i].word);
    iio_dict_free(options);
  }
  SUBJECT("write");
  canvas c = canvas_new(IIO_UINT8, 3, shape, 1);
  iio_dict *note = options_of("{'note': 'a word'}"), *crop = options_of("{'crop': 1}");
  CHECK_OK(iio_imwrite(scratch("n.toy1"), &c.array, note));
  CHECK_STATUS(iio_imwrite(scratch("n.toy1"), &c.array, crop), IIO_ERROR_UNKNOWN_OPTION);
  iio_dict_free(note);
  iio_dict_free(crop);
  canvas_free(&c);
  CHECK_OK(iio_unregister_plugin("toy"));
}

static void functions_of_a_plugin_can_be_called(void) {
  toy t = {0};
  iio_file *file = NULL;
  iio_dict *arguments = options_of("{'a': 1, 'b': ['x', {'y': null}]}"), *result = NULL;
  const iio_dict *list = NULL;
  toy_file_at(scratch("a.toy1"));
  REQUIRE_OK(enter(&t, TOY_DECLARATION("toy", "")));
  REQUIRE_OK(iio_imopen(scratch("a.toy1"), "r", NULL, &file));
  CHECK_OK(iio_file_call(file, "echo", arguments, &result));
  CHECK_INT(int_of(result, "a", 0), 1);
  CHECK_OK(iio_dict_get_dict(result, "b", &list));
  CHECK_INT(iio_dict_len(list), 2);
  iio_dict_free(result);
  result = NULL;
  CHECK_OK(iio_file_call(file, "counters", NULL, &result));
  CHECK_INT(int_of(result, "opens", 0), 1);
  iio_dict_free(result);
  CHECK_OK(iio_file_call(file, "echo", arguments, NULL)); /* the result may be unwanted */
  result = arguments;
  CHECK_ERROR(iio_file_call(file, "no_such_function", arguments, &result));
  CHECK(result == NULL);
  CHECK_MENTIONS(iio_error_message(), "no_such_function");
  CHECK_OK(iio_file_close(file));
  iio_dict_free(arguments);
  CHECK_OK(iio_unregister_plugin("toy"));
}

static void the_message_of_a_plugin_reaches_the_caller(void) {
  toy t = {0};
  size_t size;
  unsigned char *data = toy_bytes(IIO_UINT8, 3, shape, 2, &size), pixels[60];
  spit(scratch("cut.toy1"), data, size - 1);
  free(data);
  REQUIRE_OK(enter(&t, TOY_DECLARATION("toy", "")));
  CHECK_OK(iio_imread(scratch("cut.toy1"), 0, NULL, pixels, sizeof pixels, NULL));
  CHECK_STATUS(iio_imread(scratch("cut.toy1"), 1, NULL, pixels, sizeof pixels, NULL), IIO_ERROR_CORRUPT);
  CHECK_MENTIONS(iio_error_message(), "pixels are missing");
  iio_dict *d = NULL;
  const char *text = NULL;
  CHECK_OK(iio_error_details(&d));
  CHECK_OK(iio_dict_get_string(d, "plugin", &text));
  CHECK_STRING(text, "toy");
  iio_dict_free(d);
  CHECK_OK(iio_unregister_plugin("toy"));
}

static void a_plugin_that_only_reads_or_only_writes_is_asked_for_no_more(void) {
  toy t = {0};
  canvas c = canvas_new(IIO_UINT8, 3, shape, 1);
  iio_plugin p = toy_plugin(&t, "{\"name\": \"reader\", \"extensions\": [\".toy1\"], \"can_read\": true, \"can_write\": false}");
  p.write = NULL;
  p.finish = NULL;
  p.call = NULL;
  p.probe = NULL; /* open is asked */
  p.destroy = NULL;
  toy_file_at(scratch("a.toy1"));
  REQUIRE_OK(iio_register_plugin(&p));
  CHECK_STRING(plugin_for(scratch("a.toy1"), NULL), "reader");
  CHECK_ERROR(iio_imwrite(scratch("w.toy1"), &c.array, NULL));
  CHECK(!file_exists(scratch("w.toy1")));
  iio_file *file = NULL;
  CHECK_OK(iio_imopen(scratch("a.toy1"), "r", NULL, &file));
  CHECK_ERROR(iio_file_call(file, "echo", NULL, NULL));
  CHECK_OK(iio_file_close(file));
  CHECK_OK(iio_unregister_plugin("reader"));
  CHECK_INT(t.n.opens, t.n.closes);
  canvas_free(&c);
}

static void finish_is_not_called_for_what_is_thrown_away(void) {
  toy t = {0};
  iio_file *file = NULL;
  canvas c = canvas_new(IIO_UINT8, 3, shape, 1);
  REQUIRE_OK(enter(&t, TOY_DECLARATION("toy", "")));
  REQUIRE_OK(iio_imopen(scratch("thrown.toy1"), "w", NULL, &file));
  CHECK_OK(iio_file_write(file, &c.array, NULL));
  iio_file_discard(file);
  CHECK_INT(t.n.finishes, 0);
  CHECK_INT(t.n.closes, 1);
  CHECK(!file_exists(scratch("thrown.toy1")));
  CHECK_OK(iio_unregister_plugin("toy"));
  canvas_free(&c);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(a_plugin_serves_its_extension_until_it_is_taken_back);
  RUN(the_declaration_and_the_struct_are_copied);
  RUN(the_content_decides_over_the_name);
  RUN(an_explicit_plugin_wins_and_no_other_is_tried);
  RUN(a_built_in_name_can_be_overridden_and_comes_back);
  RUN(one_of_our_own_can_be_overridden_many_times);
  RUN(iterators_and_writers_keep_their_plugin_too);
  RUN(a_built_in_extension_can_be_given_to_another);
  RUN(a_registered_plugin_comes_before_the_built_in_ones);
  RUN(priorities_take_no_nonsense);
  RUN(a_registration_that_fails_destroys_once);
  RUN(the_registry_tells_what_was_declared);
  RUN(the_registry_tells_of_the_built_in_ones);
  RUN(formats_tell_who_is_asked);
  RUN(options_of_a_c_plugin_are_checked);
  RUN(functions_of_a_plugin_can_be_called);
  RUN(the_message_of_a_plugin_reaches_the_caller);
  RUN(a_plugin_that_only_reads_or_only_writes_is_asked_for_no_more);
  RUN(finish_is_not_called_for_what_is_thrown_away);
  return check_finish();
}
