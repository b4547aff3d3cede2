// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Subprocess
import SystemPackage

/// A program that has the terminal until it ends.
struct ForegroundProgram {
    let executable: Executable
    let arguments: [String]
    /// What it finds in its environment besides what there is; `nil` takes a variable away.
    let environment: [Environment.Key: String?]

    /// Runs it.
    ///
    /// - Throws: `SubprocessError` where it cannot be started, `ExitCode` with its own where that is not 0.
    func run() async throws {
        let result: ExecutionResult<Void, FileDescriptorOutput, FileDescriptorOutput> = try await Subprocess.run(
            executable, arguments: .init(arguments), environment: .inherit.updating(environment),
            input: .currentStandardInput, output: .currentStandardOutput, error: .currentStandardError)
        guard case .exited(let code) = result.terminationStatus else { throw ExitCode(1) }
        if code != 0 { throw ExitCode(code) }
    }
}
