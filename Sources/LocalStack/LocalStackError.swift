// SPDX-License-Identifier: Apache-2.0

/// Why a stack cannot be run on this machine.
public enum LocalStackError: Error, Hashable, Sendable {
    /// There is no cloud assembly.
    case noAssembly(path: String, reason: String)
    /// The assembly has several stacks, and none was chosen.
    case ambiguous(stacks: [String])
    /// There is no such stack.
    case noSuchStack(name: String, known: [String])
    /// The template declares no Aurora.
    case noAurora(stack: String)
    /// Something in the template cannot be known here.
    case unsupported(resource: String, what: String)
    /// A custom resource's handler said FAILED.
    case failed(resource: String, reason: String)
    /// Another command is at work on the stack.
    case locked(stack: String)
    /// The stack does not run.
    case notRunning(stack: String)
    /// There is no stack here at all.
    case nothingHere(directory: String)
    /// There is no such user.
    case noSuchUser(name: String, known: [String])
    /// A file of the stack cannot be read.
    case unreadable(path: String)
}

extension LocalStackError: CustomStringConvertible {
    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .noAssembly(let path, let reason):
            "'\(path)' is not a cloud assembly (\(reason)): synthesize one first, with 'aurora synth CONFIG --output \(path)' or your application."
        case .ambiguous(let stacks):
            "There are several stacks, \(stacks.joined(separator: ", ")): choose one with --stack."
        case .noSuchStack(let name, let known):
            "There is no stack '\(name)': there is \(known.isEmpty ? "none" : known.joined(separator: ", "))."
        case .noAurora(let stack):
            "The stack '\(stack)' declares no Aurora (no \(CustomResourceTypes.database)): choose another stack with --stack."
        case .unsupported(let resource, let what):
            "The resource \(resource) uses \(what), which is not known on this machine."
        case .failed(let resource, let reason): "\(resource) failed: \(reason)"
        case .locked(let stack): "Another command is at work on the stack '\(stack)': wait for it, or stop it."
        case .notRunning(let stack): "The stack '\(stack)' does not run: start it with 'aurora local up'."
        case .nothingHere(let directory):
            "There is no local stack in '\(directory)': start one with 'aurora local up cdk.out'."
        case .noSuchUser(let name, let known):
            "There is no user '\(name)': there is \(known.joined(separator: ", "))."
        case .unreadable(let path): "'\(path)' cannot be read: start anew with 'aurora local down --delete'."
        }
    }
}
