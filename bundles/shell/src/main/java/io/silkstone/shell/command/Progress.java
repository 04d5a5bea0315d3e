package io.silkstone.shell.command;

/**
 * Where a command that takes long says how far it is; its answer follows when it is done. Threads:
 * the command's.
 */
public interface Progress {
    /** Shows nothing. */
    Progress NONE =
            new Progress() {
                @Override
                public boolean isLive() {
                    return false;
                }

                @Override
                public void show(String line) {
                    // Nobody looks.
                }
            };

    /** Whether each line takes the place of the one before: then it may be shown often. */
    boolean isLive();

    /**
     * Shows {@code line}, which begins with what matters most: of a live one the end may be cut
     * off.
     */
    void show(String line);
}
