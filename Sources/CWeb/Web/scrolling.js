// Follows a growing text without fighting the reader: whoever scrolls up stays there until they come back to the end.

const NEAR = 32;

export class Follower {
    #scroller;
    #button;
    #top = 0;
    isFollowing = true;

    /** `content` is what grows in `scroller`; `button` leads back to the end. */
    constructor(scroller, content, button) {
        this.#scroller = scroller;
        this.#button = button;
        scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
        // The wheel and the finger say what the reader wants before the position does.
        scroller.addEventListener("wheel", (event) => {
            if (event.deltaY < 0 && this.#canScroll) this.#set(false);
        }, { passive: true });
        button.addEventListener("click", () => this.toEnd());
        const observer = new ResizeObserver(() => this.#grown());
        observer.observe(content);
        observer.observe(scroller);
    }

    get #canScroll() {
        return this.#scroller.scrollHeight > this.#scroller.clientHeight + 1;
    }

    get #distance() {
        const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
        return scrollHeight - scrollTop - clientHeight;
    }

    #scrolled() {
        const top = this.#scroller.scrollTop;
        if (top < this.#top - 1 && this.#distance > NEAR) this.#set(false);
        else if (this.#distance <= NEAR) this.#set(true);
        this.#top = top;
    }

    #grown() {
        if (this.isFollowing) this.#jump();
        else this.#set(this.#distance <= 1);
    }

    #jump() {
        this.#scroller.scrollTop = this.#scroller.scrollHeight;
        this.#top = this.#scroller.scrollTop;
        this.#set(true);
    }

    #set(isFollowing) {
        this.isFollowing = isFollowing;
        this.#button.hidden = isFollowing || !this.#canScroll;
    }

    /** Goes to the end and follows from there. */
    toEnd() {
        this.#jump();
    }
}
