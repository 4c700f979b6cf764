package protocol

// Additions of ours to the protocol. They are few, each is documented in
// codex-protocol(5), and their method names begin with OursPrefix so that they cannot
// meet a later method of the original. A client that does not know them loses nothing:
// notifications are skipped, and no request of ours is sent unasked.

// OursPrefix begins the name of every method that the original does not have.
const OursPrefix = "codexTurn/"
