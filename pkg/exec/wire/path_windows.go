package wire

const windows = true
