package io.silkstone.gateway.command;

import io.silkstone.gateway.acl.AclUser;
import io.silkstone.gateway.resp.Memory;

/** Whether a user may run a request. */
final class Permission {
    private static final String NO_KEY = "NOPERM No permissions to access a key";

    private Permission() {}

    /** The error for a request that {@code user} must not run, or null when it may. */
    static String refusal(Exchange x, AclUser user, Command command) {
        if (!user.mayRun(command.id())) {
            return "NOPERM User "
                    + user.name()
                    + " has no permissions to run the '"
                    + command.name()
                    + "' command";
        }
        int first = command.firstKey();
        if (first == 0 || user.mayEveryKey()) {
            return null;
        }
        int last = command.lastKey(x.count());
        for (int i = first; i <= last && i < x.count(); i += command.keyStep()) {
            if (!user.mayKey(Memory.ALL, x.address(i), x.length(i))) {
                return NO_KEY;
            }
        }
        int stray = command.strayKey(x.request(), 0);
        if (stray > 0 && !user.mayKey(Memory.ALL, x.address(stray), x.length(stray))) {
            return NO_KEY;
        }
        return null;
    }
}
