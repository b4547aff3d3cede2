// SPDX-License-Identifier: Apache-2.0

/// Why a local server cannot be used.
public enum ServerError: Error, Hashable, Sendable {
    /// No PostgreSQL server is installed.
    case notInstalled(version: Int?)
    /// The files are of a version that is not installed.
    case wrongVersion(directory: String, found: String, installed: [Int])
    /// The stand-in for RDS Proxy is not installed.
    case noPooler
    /// The port belongs to another program.
    case portTaken(Int)
    /// PostgreSQL does not run as root, and there is no user for it.
    case noUser(name: String)
    /// A program of the server failed.
    case failed(program: String, output: String)
    /// The folder cannot be written.
    case unwritable(path: String, reason: String)
}

extension ServerError: CustomStringConvertible {
    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .notInstalled(nil):
            "There is no PostgreSQL server on this machine: install one (on Debian: apt-get install postgresql), "
                + "or name the folder of its programs in \(PostgresInstallation.variable)."
        case .notInstalled(let version?):
            "There is no PostgreSQL \(version) on this machine: install it (on Debian: apt-get install "
                + "postgresql-\(version)), or name the folder of its programs in \(PostgresInstallation.variable)."
        case .wrongVersion(let directory, let found, let installed):
            "'\(directory)' was made by PostgreSQL \(found), and installed is \(installed.map(String.init).joined(separator: ", ")): "
                + "install version \(found), or start anew with 'aurora local down --delete'."
        case .noPooler:
            "There is no pgbouncer on this machine, which stands in for RDS Proxy: install it (on Debian: apt-get install "
                + "pgbouncer), or leave out --proxy."
        case .portTaken(let port):
            "The port \(port) is taken by another program: choose another one with --port, or stop that program."
        case .noUser(let name):
            "PostgreSQL does not run as root, and there is no user '\(name)' to run it as: create that user "
                + "(useradd --system \(name)), name another one in AURORA_POSTGRES_USER, or do not run as root."
        case .failed(let program, let output): "\(program) failed: \(output)"
        case .unwritable(let path, let reason):
            "'\(path)' cannot be written: \(reason). Make room or choose another folder with --directory."
        }
    }
}
