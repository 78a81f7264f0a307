# As read.c, from Julia: KIND is uint8, int32, float64 or float32.
using LibImageIO

const kinds = Dict("uint8" => UInt8, "int32" => Int32, "float32" => Float32, "float64" => Float64)
read_as(T, path) = T <: AbstractFloat ? imread(T, path; index = 1, scale = true) : imread(T, path; index = 1)
function cpu()
    t = Ref((Int64(0), Int64(0)))
    ccall(:clock_gettime, Cint, (Cint, Ptr{Cvoid}), 2, t)
    t[][1] + 1e-9 * t[][2]
end

function serve()
    for line in eachline(stdin)
        kind, path = split(line, ' '; limit = 2)
        T = kinds[kind]
        GC.gc()
        wall, used = time(), cpu()
        image = read_as(T, path)
        println(time() - wall, " ", cpu() - used)
        flush(stdout)
    end
end
serve()
