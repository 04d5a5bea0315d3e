# Sourced: sets and exports JAVA_HOME to a JDK 25 or newer, or says in one sentence what to install.
jdk_version() {
  [ -x "$1/bin/javac" ] && sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null
}

find_jdk() {
  on_path=$(readlink -f "$(command -v javac 2>/dev/null || true)" 2>/dev/null || true)
  for candidate in "${JAVA_HOME:-}" "${on_path%/bin/javac}" /usr/lib/jvm/* \
      "${HOME:-}"/.sdkman/candidates/java/* \
      "$(/usr/libexec/java_home -v 25+ 2>/dev/null || true)"; do
    [ -n "$candidate" ] || continue
    version=$(jdk_version "$candidate") || continue
    if [ "${version:-0}" -ge 25 ]; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

if ! JAVA_HOME=$(find_jdk); then
  echo "Silkstone needs a JDK 25 or newer: install one (Temurin 25, for example) or set JAVA_HOME to it." >&2
  exit 1
fi
export JAVA_HOME
