package keeper

import "syscall"

const noSignal = syscall.MSG_NOSIGNAL
