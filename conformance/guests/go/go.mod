module wasmts.test/guests

go 1.21
