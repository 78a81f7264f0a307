# A plugin of the test's fails with any status: its `open` answers what it is told by the file's only byte.
struct CPlugin
    struct_size::UInt32
    flags::UInt32
    user::Ptr{Cvoid}
    declaration::Ptr{UInt8}
    probe::Ptr{Cvoid}
    open::Ptr{Cvoid}
    rest::NTuple{15,Ptr{Cvoid}}
end
const answer = Ref(Int32(0))
failing_open(user, host, io, path, mode, options, file)::Int32 = answer[]
failing(args...)::Int32 = Int32(-99)

@testset "errors" begin
    rgb = imread(fixture("rgb8.png"))
    at(name) = joinpath(scratch, name)
    kinds = [
        LibImageIO.NotFoundError => () -> imread(at("none.png")),
        LibImageIO.InvalidArgumentError => () -> imopen(fixture("rgb8.png"), "q"),
        LibImageIO.UnknownPluginError => () -> imread(fixture("rgb8.png"); plugin = "nobody"),
        LibImageIO.NoBackendError => () -> imread(codeunits("no picture at all") |> Vector{UInt8}),
        LibImageIO.UnsupportedError => () -> imopen(file -> foreach(_ -> imwrite(file, rgb), 1:2), at("two.bmp"), "w"),
        LibImageIO.CorruptError => () -> imread(read(fixture("rgb8.png"))[1:end-60]),
        LibImageIO.IndexError => () -> imread(fixture("rgb8.png"); index = 2),
        LibImageIO.IndexError => () -> imread(fixture("rgb8.png"); index = 0),
        LibImageIO.UnknownOptionError => () -> imwrite(at("a.png"), rgb; compres_level = 1),
        LibImageIO.InvalidOptionError => () -> imwrite(at("a.png"), rgb; compress_level = 100),
        LibImageIO.ShapeError => () -> imwrite(at("a.png"), rand(3, 4, 5)),
        LibImageIO.LimitError => () -> imread(fixture("rgb8.png"); max_pixels = 10),
        LibImageIO.CancelledError => () -> imread(fixture("rgb8.png"); progress = (a, b) -> false),
        LibImageIO.ModeError => () -> imopen(file -> imwrite(file, rgb), fixture("rgb8.png")),
        LibImageIO.ModeError => () -> imopen(file -> imread(file), "<bytes>", "w"; extension = ".png"),
        LibImageIO.BusyError => () -> begin
            file = imopen(fixture("rgb8.png"))
            imread(file; progress = (a, b) -> (imread(file); true))
        end,
    ]
    for (kind, f) in kinds
        e = thrown(f)
        @test e isa kind && e isa ImageIOError && !isempty(e.message)
        e isa kind || println("expected $kind: $e")
    end
    e = thrown(() -> imread(at("none.png")))
    @test e.details["os_error"] == 2 && e.details["resource"] == at("none.png") && occursin("NOT_FOUND", sprint(showerror, e))
    e = thrown(() -> imread(Vector{UInt8}("no picture at all"); extension = ".png"))
    @test any(c -> c["plugin"] == "image", e.details["candidates"])
    unknown = thrown(() -> imwrite(at("a.png"), rgb; compres_level = 1))
    @test occursin("compress_level", unknown.message)
    if ccall(:getuid, Cint, ()) == 0
        @test thrown(() -> imwrite("/proc/none.png", rgb)) isa ImageIOError
    else
        mkdir(at("shut"); mode = 0o500)
        @test thrown(() -> imwrite(at("shut/a.png"), rgb)) isa LibImageIO.PermissionError
    end

    # Every other class, by a plugin that answers it.
    declaration = """{"name": "refuser", "extensions": [".refuse"], "can_read": true}"""
    open_ = @cfunction(failing_open, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}))
    f = @cfunction(failing, Int32, (Ptr{Cvoid},))
    # count, props, read, meta, iter, next_props, next, next_meta, seek, iter_free, write, call, finish, close, destroy
    rest = (f, f, f, f, ntuple(_ -> C_NULL, 9)..., f, C_NULL)
    GC.@preserve declaration begin
        registered = Ref(CPlugin(sizeof(CPlugin), 0, C_NULL, pointer(declaration), C_NULL, open_, rest))
        status = LibImageIO.iio_register_plugin(Base.unsafe_convert(Ptr{CPlugin}, registered) |> Ptr{Cvoid})
    end
    if status == 0
        for status in [-1:-1:-20; -99]
            name = replace(unsafe_string(LibImageIO.iio_status_name(Int32(status))), "IIO_ERROR_" => "")
            answer[] = status
            e = thrown(() -> imread(UInt8[1, 2]; plugin = "refuser"))
            @test e isa ImageIOError{Symbol(name)}
        end
        LibImageIO.iio_unregister_plugin("refuser")
    else
        @test unsafe_string(LibImageIO.iio_error_message()) == ""
    end
end
