module fullcycle/app/goserver

go 1.26.0
