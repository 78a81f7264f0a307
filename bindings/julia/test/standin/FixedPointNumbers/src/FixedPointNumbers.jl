# Stands in for the real package in the test of the extension: only what that uses.
module FixedPointNumbers
export FixedPoint, Normed, N0f8, N0f16, rawtype
abstract type FixedPoint{T,f} <: Real end
struct Normed{T,f} <: FixedPoint{T,f}
    i::T
end
const N0f8 = Normed{UInt8,8}
const N0f16 = Normed{UInt16,16}
rawtype(::Type{<:FixedPoint{T}}) where {T} = T
end
