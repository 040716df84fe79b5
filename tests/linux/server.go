// A server as people write them: net/http, goroutines, channels, timers. It first counts with fifty goroutines,
// then serves port 80. /spin starts a goroutine that never makes a call; who answers then was preempted by a
// signal. /grow allocates, so that memory is collected. /quit ends it with 9.
package main

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"
)

var turns uint64

func count() int {
	var wg sync.WaitGroup
	ch := make(chan int, 10)
	for i := 0; i < 50; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			time.Sleep(time.Duration(i%5) * time.Millisecond)
			ch <- i
		}(i)
	}
	go func() { wg.Wait(); close(ch) }()
	sum := 0
	for v := range ch {
		sum += v
	}
	return sum
}

func main() {
	fmt.Println(runtime.GOOS, runtime.GOARCH, os.Args[1:], count())
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "hello %s\n", r.URL.Path) })
	http.HandleFunc("/spin", func(w http.ResponseWriter, r *http.Request) {
		go func() {
			for {
				turns++
			}
		}()
		fmt.Fprintln(w, "spinning")
	})
	http.HandleFunc("/grow", func(w http.ResponseWriter, r *http.Request) {
		total := 0
		for i := 0; i < 400; i++ {
			total += len(make([]byte, 1<<20))
		}
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		fmt.Fprintln(w, total>>20, stats.NumGC > 10)
	})
	http.HandleFunc("/quit", func(w http.ResponseWriter, r *http.Request) {
		go func() { time.Sleep(50 * time.Millisecond); os.Exit(9) }()
	})
	fmt.Println("listening")
	fmt.Println(http.ListenAndServe(":80", nil))
}
