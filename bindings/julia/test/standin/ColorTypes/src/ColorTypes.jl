# Stands in for the real package in the test of the extension: only what that uses.
module ColorTypes
export Colorant, Gray, GrayA, RGB, RGBA
abstract type Colorant{T,N} end
struct Gray{T} <: Colorant{T,1}
    val::T
end
struct GrayA{T} <: Colorant{T,2}
    val::T
    alpha::T
end
struct RGB{T} <: Colorant{T,3}
    r::T
    g::T
    b::T
end
struct RGBA{T} <: Colorant{T,4}
    r::T
    g::T
    b::T
    alpha::T
end
Base.eltype(::Type{<:Colorant{T}}) where {T} = T
end
