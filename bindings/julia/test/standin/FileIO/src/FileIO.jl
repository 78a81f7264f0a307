# Stands in for the real package in the test of the extension: only what that uses.
module FileIO
struct File
    name::String
end
filename(file::File) = file.name
end
