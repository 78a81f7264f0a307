"""
Reads, writes, iterates and inspects images, volumes and videos through libimageio: the verbs of Python's imageio.

    image = imread("photo.jpg")                    # 3 × height × width, UInt8
    imwrite("photo.png", image; compress_level = 9)
    improps("photo.jpg")                           # size and element type, without decoding
    immeta("photo.jpg")["exif"]
    for frame in imiter("film.mp4") … end
    imopen("film.gif", "w") do file … end

Axes stand in this order: samples (red, green, blue …) first, as ImageCore's `channelview` has them, then height and
width, then what is slower: depth, time, images. A gray image is `height × width`, a stack of colour images
`channels × height × width × images`. Images are counted from 1. Keyword arguments are the library's options.
"""
module LibImageIO

using Libdl

export imread, imwrite, imiter, improps, immeta, imopen, discard, encoded, plugin, ImageProperties, ImageIOError

include("lowlevel.jl")
include("library.jl")
include("dtypes.jl")
include("errors.jl")
include("lent.jl")
include("dicts.jl")
include("arrays.jl")
include("files.jl")
include("iterators.jl")
include("verbs.jl")
include("registry.jl")

"Reads for `FileIO.load`; has its methods where FileIO and ColorTypes are loaded (Julia 1.9 or later)."
function fileio_load end
"Writes for `FileIO.save`; has its methods where FileIO and ColorTypes are loaded (Julia 1.9 or later)."
function fileio_save end

__init__() = open_library()

end
