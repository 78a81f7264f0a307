function listed(list)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    call(() -> list(out))
    take_dict(out[])
end

"The plugins by name: what they read and write, their options, and how to get those that are not here."
plugins() = listed(iio_plugins)
"The formats by extension."
formats() = listed(iio_formats)

"Sets which plugins are asked first for an extension: `LibImageIO.set_priority(\".png\", \"image\")`."
set_priority(extension, plugins...) = (call(() -> iio_set_priority(extension, join(plugins, ","))); nothing)
"Loads a plugin from a shared library."
load_plugin(path) = (call(() -> iio_load_plugin(path)); nothing)

const logger = Ref{Any}(nothing)
const levels = (:error, :warning, :info, :debug)

function on_log(user, level, message)::Cvoid
    try
        logger[](levels[clamp(level, 1, 4)], unsafe_string(message))
    catch
    end
    nothing
end

"""
    LibImageIO.set_log(f)

Has `f(level, message)` called with what the library tells; `level` is `:error`, `:warning`, `:info` or `:debug`. `nothing`
ends it. `f` runs inside the library's calls, on any thread, and what it throws is lost.
"""
function set_log(f)
    f === nothing || (logger[] = f)
    iio_set_log_callback(f === nothing ? C_NULL : @cfunction(on_log, Cvoid, (Ptr{Cvoid}, Int32, Cstring)), C_NULL)
    f === nothing && (logger[] = nothing)
    nothing
end
