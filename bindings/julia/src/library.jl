# Where the library is found: the file IMAGEIO_LIBRARY, the prefix IMAGEIO_HOME, what the system's loader knows, and the
# tree that this package lies in, if that is built.

const soname = "libimageio.so.0"

function candidates()
    haskey(ENV, "IMAGEIO_LIBRARY") && return [ENV["IMAGEIO_LIBRARY"]]
    if haskey(ENV, "IMAGEIO_HOME")
        home = ENV["IMAGEIO_HOME"]
        folders = [joinpath(home, "lib"), joinpath(home, "lib64"), joinpath(home, "lib", "$(Sys.ARCH)-linux-gnu"), home]
        return filter(isfile, joinpath.(folders, soname))
    end
    [soname, joinpath(@__DIR__, "..", "..", "..", "build", "cmake", "lib", soname)]
end

function open_library()
    said = String[]
    for path in candidates()
        handle = try
            dlopen(path)
        catch e
            push!(said, sprint(showerror, e))
            continue
        end
        try
            load_functions(handle)
        catch e
            error("$path is older than this package, which is of libimageio $IIO_VERSION_MAJOR.$IIO_VERSION_MINOR: ",
                sprint(showerror, e))
        end
        iio_abi_version() == IIO_ABI_VERSION || error("$path has the ABI $(iio_abi_version()), not $IIO_ABI_VERSION")
        return
    end
    error("libimageio is not found. Install it (`make && sudo make install`), or set IMAGEIO_HOME to the prefix that it is ",
        "installed in, or IMAGEIO_LIBRARY to the file. ", join(said, "; "))
end

"The version of the library that is loaded."
version() = VersionNumber(unsafe_string(iio_version()))
