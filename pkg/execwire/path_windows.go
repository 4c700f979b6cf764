package execwire

const windows = true
