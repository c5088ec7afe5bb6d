module oakum.lab/pause

go 1.24
