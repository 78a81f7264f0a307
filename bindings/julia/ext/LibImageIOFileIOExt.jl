# FileIO's load and save: FileIO.add_format(format"…", …, [:LibImageIO => UUID("7b3f5f0c-6f0e-4c0e-9a55-3c9d1c0f2e61")]).
module LibImageIOFileIOExt

using LibImageIO, FileIO, ColorTypes, FixedPointNumbers

function colors_of(p::ImageProperties)
    T = p.eltype in (Bool, UInt8) ? N0f8 : p.eltype == UInt16 ? N0f16 : Float32
    p.color == :gray_alpha ? GrayA{T} : p.color == :gray ? Gray{T} : p.color == :rgba ? RGBA{T} : RGB{T}
end

function LibImageIO.fileio_load(file::FileIO.File; options...)
    path = FileIO.filename(file)
    imread(colors_of(improps(path)), path; options...)
end

LibImageIO.fileio_save(file::FileIO.File, image; options...) = imwrite(FileIO.filename(file), image; options...)

end
