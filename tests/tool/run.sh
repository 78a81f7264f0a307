#!/bin/sh
# Tests of the command-line tool: run.sh IIO_BINARY SCRATCH DATA
#
# DATA holds fixtures (*.png, *.gif); SCRATCH is a directory for what the tests write, made if it is missing. IIO_WRAP
# may hold a command to run the tool under (valgrind -q --error-exitcode=99).
set -u

if [ $# -ne 3 ]; then
    echo "usage: run.sh IIO_BINARY SCRATCH DATA" >&2
    exit 2
fi
mkdir -p "$2" || exit 2
here=$(cd "$(dirname "$0")" && pwd)
binary=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
data=$(cd "$3" && pwd) || exit 2
scratch=$(mktemp -d "$2/tool.XXXXXX") || exit 2
cd "$scratch" || exit 2
trap 'rm -rf "$scratch"' EXIT

count=0
failures=0

iio() { ${IIO_WRAP:-} "$binary" "$@"; }

bad() {
    failures=$((failures + 1))
    echo "not ok: $1"
    sed 's/^/    /' err out 2>/dev/null | head -n 20
}

# expect CODE WHAT ARGUMENTS...: runs the tool; its output is left in the files out and err.
expect() {
    wanted=$1
    what=$2
    shift 2
    count=$((count + 1))
    iio "$@" >out 2>err </dev/null
    got=$?
    [ "$got" -eq "$wanted" ] || bad "$what: exit code $got, not $wanted (iio $*)"
}

# says FILE TEXT: what the last run printed holds TEXT.
says() {
    count=$((count + 1))
    grep -qF -e "$2" "$1" || bad "$1 does not say: $2"
}

# json EXPRESSION: the last run printed JSON, and the Python expression of it, `j`, is true.
json() {
    count=$((count + 1))
    python3 -m json.tool out >/dev/null 2>>err || bad "not JSON"
    python3 -c 'import json, sys; j = json.load(open("out")); sys.exit(not eval(sys.argv[1]))' "$1" 2>>err ||
        bad "not so: $1"
}

# same A B EXTRA...: both files read as the same pixels; compared as BMP, which is packed and has no options.
same() {
    count=$((count + 1))
    iio convert --no-metadata "$1" same-a.bmp && iio convert --no-metadata "$2" same-b.bmp &&
        cmp -s same-a.bmp same-b.bmp || bad "$1 and $2 differ"
    rm -f same-a.bmp same-b.bmp
}

absent() {
    count=$((count + 1))
    [ ! -e "$1" ] || bad "$1 exists"
}

# Only these names (and out, err) stand in the scratch directory DIR: no temporary file was left.
only() {
    dir=$1
    shift
    count=$((count + 1))
    found=$(ls -A "$dir" | sort | tr '\n' ' ')
    wanted=$(for name in "$@"; do echo "$name"; done | sort | tr '\n' ' ')
    [ "$found" = "$wanted" ] || bad "$dir holds \"$found\", not \"$wanted\""
}

# The first fixture of a kind: pick PATTERN EXPRESSION (of iio info --json, as `j`).
pick() {
    for file in "$data"/$1; do
        if iio info --json "$file" >out 2>err &&
            python3 -c 'import json, sys; j = json.load(open("out"))[0]; sys.exit(not eval(sys.argv[1]))' "$2" 2>/dev/null; then
            echo "$file"
            return 0
        fi
    done
    echo "no fixture $data/$1 with $2" >&2
    return 1
}

rgb=$(pick 'rgb8.png' 'j["dtype"] == "uint8" and j["color"] == "rgb" and len(j["shape"]) == 3 and j["n_images"] == 1') || exit 1
gif=$(pick '*.gif' 'j["n_images"] > 2 and j["is_batch"]') || exit 1
images=$(iio info --json "$gif" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["n_images"])')

# Usage.
expect 2 'no command'
expect 0 'help' --help
says out 'Exit codes'
expect 0 'version' --version
says out 'libimageio'
expect 2 'unknown command' transmogrify
says err 'transmogrify'
for command in info convert frames formats plugins; do
    expect 0 "help of $command" $command --help
    says out "iio $command"
    expect 2 "unknown flag of $command" $command --frobnicate
done
expect 2 'info without a file' info
expect 2 'convert with one name' convert "$rgb"
expect 2 'convert with three names' convert a b c
expect 2 'index that is none' info --index x "$rgb"
expect 2 'option that no command takes' formats a=b
expect 2 'plugin of which side' convert "$rgb" x.png plugin=image
says err 'in:plugin='
absent x.png

# Info.
expect 0 'info' info "$rgb"
says out 'uint8'
says out 'rgb'
expect 0 'info as JSON' info --json "$rgb"
json 'len(j) == 1 and j[0]["dtype"] == "uint8" and j[0]["axes"] == "YXS" and "metadata" in j[0]'
expect 0 'info of two' info --json "$rgb" "$gif"
json 'len(j) == 2 and j[1]["n_images"] == j[1]["shape"][0]'
expect 0 'info of one image' info --json --index 1 "$gif"
json 'not j[0]["is_batch"] and len(j[0]["shape"]) == 3'
expect 0 'info of all images' info --json --index all "$rgb"
json 'j[0]["is_batch"] and j[0]["shape"][0] == 1'
expect 0 'info with an option of reading' info --json "$rgb" dtype=float32
json 'j[0]["dtype"] == "float32"'
expect 3 'index out of range' info --index 9999 "$gif"
expect 3 'missing file' info missing.png
says err 'iio: missing.png: '
expect 3 'one missing file among two' info --json missing.png "$rgb"
json 'len(j) == 1'
expect 2 'unknown option' info "$rgb" frobnicate=1
says err 'frobnicate'
expect 2 'option of the other side' info "$rgb" out:quality=3
expect 2 'unknown plugin' info "$rgb" plugin=frobnicator
says err 'frobnicator'
count=$((count + 1))
iio info --json - <"$rgb" >out 2>err || bad 'info of standard input'
json 'j[0]["dtype"] == "uint8"'

# Convert.
mkdir conv
expect 0 'png to bmp' convert "$rgb" conv/a.bmp
same "$rgb" conv/a.bmp
expect 0 'bmp to webp' convert conv/a.bmp conv/a.webp lossless=true
same "$rgb" conv/a.webp
expect 0 'webp to png' convert conv/a.webp conv/a.png
same "$rgb" conv/a.png
expect 0 'png to jpg' convert conv/a.png conv/a.jpg quality=90
expect 0 'info of the jpg' info --json conv/a.jpg
json 'j[0]["dtype"] == "uint8" and j[0]["shape"][2] == 3'
expect 0 'jpg to gif' convert conv/a.jpg conv/a.gif
expect 0 'info of the gif' info --json conv/a.gif
json 'j[0]["n_images"] == 1'
only conv a.bmp a.webp a.png a.jpg a.gif
expect 0 'over itself' convert conv/a.png conv/a.png
same "$rgb" conv/a.png
expect 0 'prefixed options' convert conv/a.png conv/b.jpg out:quality=10 in:dtype=uint8
count=$((count + 1))
[ "$(wc -c <conv/b.jpg)" -lt "$(wc -c <conv/a.jpg)" ] || bad 'quality=10 is no smaller than quality=90'
expect 2 'unknown option of convert' convert conv/a.png conv/c.png frobnicate=1
says err 'frobnicate'
absent conv/c.png
expect 2 'value that is none' convert conv/a.png conv/c.jpg quality=excellent
says err 'quality'
absent conv/c.jpg
expect 3 'missing input' convert missing.png conv/c.png
expect 3 'missing directory' convert conv/a.png missing/c.png
expect 4 'unknown extension' convert conv/a.png conv/c.nothing
absent conv/c.nothing
count=$((count + 1))
iio convert - - out:extension=.bmp <conv/a.png 2>err >conv/d.bmp || bad 'from standard input to standard output'
cmp -s conv/d.bmp conv/a.bmp || bad 'standard input and output differ from files'
only conv a.bmp a.webp a.png a.jpg a.gif b.jpg d.bmp

# Animations.
mkdir anim
expect 0 'gif to gif' convert "$gif" anim/a.gif
expect 0 'count of the copy' info --json anim/a.gif
json "j[0]['n_images'] == $images"
expect 0 'one image of a gif' convert "$gif" anim/one.png --index 1
expect 0 'info of it' info --json anim/one.png
json 'not j[0]["is_batch"] and j[0]["n_images"] == 1'
expect 4 'animation into a still format' convert "$gif" anim/many.bmp
says err '--index'
absent anim/many.bmp
expect 0 'part of an animation' convert "$gif" anim/part.gif start=1 stop=3
expect 0 'count of the part' info --json anim/part.gif
json 'j[0]["n_images"] == 2'
expect 3 'part with nothing in it' convert "$gif" anim/none.gif start=9999
absent anim/none.gif
only anim a.gif one.png part.gif

# Frames.
mkdir frames
expect 0 'frames' frames "$gif" frames/f-%03d.png stop=2
only frames f-000.png f-001.png
expect 0 'frames without padding' frames "$gif" 'frames/100%%-%d.bmp' start=1 stop=3 every=2
only frames f-000.png f-001.png '100%-0.bmp'
for pattern in none.png %s.png %d-%d.png %n.png %99d.png '%0999999999999d.png' %.3d.png %; do
    expect 2 "pattern $pattern" frames "$gif" "frames/$pattern"
done
only frames f-000.png f-001.png '100%-0.bmp'

# Formats and plugins.
expect 0 'formats' formats
says out '.png'
expect 0 'one format' formats PNG
says out '.png'
expect 0 'formats as JSON' formats --json
json '".png" in j and j[".png"]["can_read"]'
expect 3 'unknown format' formats frobnicate
expect 0 'plugins' plugins
says out 'image'
expect 0 'one plugin' plugins image
says out 'quality'
expect 0 'alias of a plugin' plugins pillow
expect 0 'plugins as JSON' plugins --json
json '"calls" in j["image"]["options"]["quality"]'
expect 3 'unknown plugin name' plugins frobnicator

# Broken files.
mkdir broken
head -c 60 "$rgb" >broken/cut.png
expect 5 'cut file' convert broken/cut.png broken/out.png
says err 'iio: broken/cut.png: '
printf 'no image at all' >broken/noise.png
expect 4 'noise' info broken/noise.png
: >broken/empty.png
iio info broken/empty.png >out 2>err
[ $? -ge 4 ] || bad 'empty file'
printf 'PNG' >'broken/a=b.png'
expect 4 'file with an equals sign' info './broken/a=b.png'
only broken cut.png noise.png empty.png a=b.png

# Ctrl-C: a large picture takes long enough to be interrupted in the middle.
mkdir stop
python3 "$here/interrupt.py" make stop/large.bmp || bad 'making a large picture'
for target in stop/large.png stop/large.webp; do
    count=$((count + 1))
    # shellcheck disable=SC2086
    python3 "$here/interrupt.py" run 0.3 ${IIO_WRAP:-} "$binary" convert stop/large.bmp "$target" 2>err >out
    case $? in
    130) says err 'interrupted' && only stop large.bmp ;;
    0) echo "skip: $target was written before it could be interrupted" && rm -f "$target" ;;
    *) bad "interrupting $target" ;;
    esac
done
# Waiting for standard input can be interrupted too.
count=$((count + 1))
# shellcheck disable=SC2086
python3 "$here/interrupt.py" wait 0.5 ${IIO_WRAP:-} "$binary" convert - stop/waited.png 2>err >out
[ $? -eq 130 ] || bad 'interrupting a wait for standard input'
only stop large.bmp

echo "$count checks, $failures failed"
[ "$failures" -eq 0 ]
