# Arrays of colours: `imread(RGB{N0f8}, "photo.jpg")`, and writing them. Values map from full range to full range.
module LibImageIOColorTypesExt

using LibImageIO, ColorTypes, FixedPointNumbers

const modes = [Gray => ("L", 1), GrayA => ("LA", 2), RGB => ("RGB", 3), RGBA => ("RGBA", 4)]

function layout(C)
    for (color, told) in modes
        C <: color && return told
    end
    throw(ArgumentError("colours are Gray, GrayA, RGB or RGBA, not $C"))
end

raw(T::Type{<:AbstractFloat}) = T
raw(T::Type{<:FixedPoint}) = FixedPointNumbers.rawtype(T)

colored(C, a, n) = n == 1 ? reshape(reinterpret(C, vec(a)), size(a)) : reshape(reinterpret(C, vec(a)), size(a)[2:end])

function read_colors(::Type{C}, source, options) where {C}
    isconcretetype(C) || throw(ArgumentError("which number? $C{N0f8}, $C{N0f16}, $C{Float32} …"))
    mode, n = layout(C)
    T = raw(eltype(C))
    colored(C, imread(T, source; mode = mode, dtype = T, scale = true, options...), n)
end

function channels(image::AbstractArray{C}) where {C}
    n = layout(C)[2]
    image = collect(image)
    flat = reinterpret(raw(eltype(C)), vec(image))
    Array(reshape(flat, n == 1 ? size(image) : (n, size(image)...)))
end

for Source in (AbstractString, IO, Vector{UInt8}, LibImageIO.File)
    @eval LibImageIO.imread(C::Type{<:Colorant}, source::$Source; options...) = read_colors(C, source, options)
    Source == Vector{UInt8} || @eval LibImageIO.imwrite(target::$Source, image::AbstractArray{<:Colorant}; options...) =
        imwrite(target, channels(image); axes = layout(eltype(image))[2] == 1 ? nothing : "SYX" * "N"^(ndims(image) - 2), options...)
end

end
