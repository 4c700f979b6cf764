// Package tools holds what a model can call: exec_command, write_stdin, apply_patch,
// update_plan, view_image and the rest, one file a tool. It describes the tools to the model,
// reads their arguments, asks for approval where the policy wants it, and words the
// results. Every process and every file goes through the executor.
//
// Engine layer; it imports item, exec/client, patch, policy, execpolicy, models and protocol.
// Nothing here touches a file or starts a process but through the executor.
package tools
