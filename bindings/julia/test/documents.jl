# The programs in docs/julia.md and the package's README, one after the other, in a folder that holds what they speak of.
@testset "the pages of the documents" begin
    pages = filter(isfile, [joinpath(root, "docs/julia.md"), joinpath(@__DIR__, "../README.md")])
    if length(pages) < 2
        skip("docs/julia.md is not at hand")
    else
        blocks = [m.captures[1] for page in pages for m in eachmatch(r"^```julia\n(.*?)^```$"ms, read(page, String))]
        @test length(blocks) >= 9
        here = mktempdir()
        cp(fixture("rgb420.jpg"), joinpath(here, "photo.jpg"))
        cp(fixture("skip.gif"), joinpath(here, "film.gif"))
        reader = Module(:Reader)
        cd(here) do
            for block in blocks
                @test (Base.include_string(reader, block); true)
            end
        end
    end
end
