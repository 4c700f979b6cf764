package foreign

// Output keeps the beginning of what a program writes, and takes the rest without a word.
type Output struct {
	Bytes []byte
	Max   int
	Over  bool // there was more than Max bytes
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	n := min(len(p), o.Max-len(o.Bytes))
	o.Bytes = append(o.Bytes, p[:n]...)
	o.Over = o.Over || n < len(p)
	return len(p), nil
}

func (o *Output) String() string { return string(o.Bytes) }
