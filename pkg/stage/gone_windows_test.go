package stage

import "testing"

func waitGone(*testing.T, int) {}
