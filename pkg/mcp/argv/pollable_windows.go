package argv

// pollable gives a pipe as it is.
func pollable(stream any) any { return stream }
