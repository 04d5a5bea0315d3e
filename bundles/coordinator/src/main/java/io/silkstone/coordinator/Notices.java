package io.silkstone.coordinator;

/** Told in sentences what operators should hear. */
interface Notices {
    /** Nobody is to hear anything. */
    Notices NONE =
            new Notices() {
                @Override
                public void say(String sentence) {
                    // Nobody listens.
                }

                @Override
                public void warn(String sentence) {
                    // Nobody listens.
                }
            };

    /** Something has changed. */
    void say(String sentence);

    /** Something is gone. */
    void warn(String sentence);
}
