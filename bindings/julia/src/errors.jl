"""
    ImageIOError{S}

What the library reports: `S` is its status in words, so that `catch e; e isa LibImageIO.NotFoundError` tells one kind.
`e.message` says it in words, `e.details` in parts: `plugin`, `resource`, `offset`, `os_error`, `candidates` … where known.
"""
struct ImageIOError{S} <: Exception
    status::Int32
    message::String
    details::Dict{String,Any}
end

const InvalidArgumentError = ImageIOError{:INVALID_ARGUMENT}
const NotFoundError = ImageIOError{:NOT_FOUND}
const PermissionError = ImageIOError{:PERMISSION}
const IOFailure = ImageIOError{:IO}
const UnknownPluginError = ImageIOError{:UNKNOWN_PLUGIN}
const NoBackendError = ImageIOError{:NO_BACKEND}
const PluginUnavailableError = ImageIOError{:PLUGIN_UNAVAILABLE}
const UnsupportedError = ImageIOError{:UNSUPPORTED}
const CorruptError = ImageIOError{:CORRUPT}
const IndexError = ImageIOError{:INDEX}
const BufferTooSmallError = ImageIOError{:BUFFER_TOO_SMALL}
const UnknownOptionError = ImageIOError{:UNKNOWN_OPTION}
const InvalidOptionError = ImageIOError{:INVALID_OPTION}
const ShapeError = ImageIOError{:SHAPE}
const LimitError = ImageIOError{:LIMIT}
const CancelledError = ImageIOError{:CANCELLED}
const ModeError = ImageIOError{:MODE}
const NetworkError = ImageIOError{:NETWORK}
const MemoryFailure = ImageIOError{:OUT_OF_MEMORY}
const BusyError = ImageIOError{:BUSY}
const InternalError = ImageIOError{:INTERNAL}

Base.showerror(io::IO, e::ImageIOError{S}) where {S} = print(io, "ImageIOError (", S, "): ", e.message)

"This thread's last failure. Nothing may yield between it and here: the words are the thread's."
function last_error(status)
    message = unsafe_string(iio_error_message())
    details = Dict{String,Any}()
    out = Ref{Ptr{Cvoid}}(C_NULL)
    if iio_error_details(out) == IIO_OK
        details = take_dict(out[])
    end
    name = replace(unsafe_string(iio_status_name(status)), "IIO_ERROR_" => "")
    ImageIOError{Symbol(name)}(status, message, details)
end

failure(S::Symbol, status, message) = ImageIOError{S}(status, message, Dict{String,Any}("status" => status, "message" => message))
