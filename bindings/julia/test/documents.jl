# The programs in docs/julia.md, one after the other, in a folder that holds what they speak of.
@testset "the page of the documents" begin
    page = joinpath(root, "docs/julia.md")
    if !isfile(page)
        skip("docs/julia.md is not at hand")
    else
        blocks = [m.captures[1] for m in eachmatch(r"^```julia\n(.*?)^```$"ms, read(page, String))]
        @test length(blocks) >= 6
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
