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
    # The system's own: the kernel's memory cannot be read, and not every plugin is built in.
    @test thrown(() -> imread("/proc/self/mem")) isa LibImageIO.IOFailure
    @test thrown(() -> imread(fixture("rgb8.png"); plugin = "itk")) isa LibImageIO.PluginUnavailableError
    @test thrown(() -> LibImageIO.iio_file_read(C_NULL, 0, C_NULL, C_NULL, 0, C_NULL) |> s -> LibImageIO.checked(s, 0)) isa LibImageIO.InvalidArgumentError
    if ccall(:getuid, Cint, ()) != 0
        mkdir(at("shut"); mode = 0o500)
        @test thrown(() -> imwrite(at("shut/a.png"), rgb)) isa LibImageIO.PermissionError
    end

    # Every status there is, out of a file and out of a read, from a plugin that answers what it is told.
    answers = get(ENV, "IIO_ANSWERS", "")
    if isempty(answers)
        skip("every class of error: IIO_ANSWERS, tests/modules/answers.c, is not set")
    else
        LibImageIO.load_plugin(answers)
        @test haskey(LibImageIO.plugins(), "answers")
        L = LibImageIO
        classes = [L.InvalidArgumentError, L.NotFoundError, L.PermissionError, L.IOFailure, L.UnknownPluginError, L.NoBackendError,
            L.PluginUnavailableError, L.UnsupportedError, L.CorruptError, L.IndexError, L.BufferTooSmallError, L.UnknownOptionError,
            L.InvalidOptionError, L.ShapeError, L.LimitError, L.CancelledError, L.ModeError, L.NetworkError, L.MemoryFailure, L.BusyError]
        named = [v for v in (getfield(L, n) for n in names(L; all = true) if isdefined(L, n)) if v isa Type && v <: ImageIOError && isconcretetype(v)]
        @test Set(named) == Set([classes; L.InternalError])
        for when in ("open", "read"), (code, class) in [collect(pairs(classes)); 99 => L.InternalError]
            question = Vector{UInt8}("$when -$code")
            e = thrown(() -> imread(question; plugin = "answers"))
            @test e isa class && e.status == -code && occursin("the answer is -$code", e.message) && e.details["plugin"] == "answers"
            write(at("q.answer"), question)
            e = thrown(() -> imread(at("q.answer"); plugin = "answers"))
            @test e isa class && e.details["resource"] == at("q.answer")
        end
    end
end
